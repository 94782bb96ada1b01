"""What all pages share: layout, components, top pages, pages of errors, notices, contacts."""

"""The portal: rules, pages, and who may open them."""

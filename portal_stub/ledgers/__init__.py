"""The exporter's ledger desk: handing in ledger uploads and notices, following them, fetching their papers."""

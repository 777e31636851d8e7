"""Resources that are written from the contract, not by hand."""

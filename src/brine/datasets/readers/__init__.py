"""One module per family of file formats; each says what it assumes."""

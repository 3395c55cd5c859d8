"""What inspections print: the record of a visit, as a PDF that needs no font and no network of the reader's."""

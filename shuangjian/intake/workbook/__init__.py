"""The weekly return as an Excel workbook: template, reading back, and the way from a problem to its cell."""

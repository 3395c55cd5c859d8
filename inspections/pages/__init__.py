"""What the pages of visits show: contexts of templates, made of constant numbers of queries."""

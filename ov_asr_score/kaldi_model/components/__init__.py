"""What is known of each type of component: fields, checks, dimensions, reach."""

"""What each type of component is: one record a type, one file a family of types, one table of them all."""

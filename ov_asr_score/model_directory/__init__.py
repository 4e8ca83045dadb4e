"""Model directories as people have them: what each file is for, what is missing, and what is ignored."""

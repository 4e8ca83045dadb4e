"""The layouts of model directories, a module for each."""

"""Small operations on tensors that the layers share."""

"""Tests of models whose shapes are all fixed."""

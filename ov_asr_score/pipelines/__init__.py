"""The pipeline of Python people: ``pipeline("automatic-speech-recognition", model=DIR)`` gives what takes sound."""

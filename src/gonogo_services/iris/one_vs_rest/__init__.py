"""The one-vs-rest services: each tells for one flower how probable it is that it is of one class."""

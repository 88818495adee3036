"""Gates, references and the verdict."""

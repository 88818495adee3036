"""What is right and wrong with labelled frames, one module per question."""

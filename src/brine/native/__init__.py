"""The hot loops, in C++. Every function here takes and returns plain arrays."""

"""A small kit for drawings: elements, scales, ticks, paths, frames. Pure: numbers and text in, markup out."""

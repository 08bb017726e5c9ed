//! Which files make a stack.

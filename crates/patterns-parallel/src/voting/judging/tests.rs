//! Judging by hand and by machine.

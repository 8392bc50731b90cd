//! The state rules under test.

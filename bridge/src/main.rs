//! The doorstep of `airbyte-singer`.

fn main() {}

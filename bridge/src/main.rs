//! The doorstep of `airbyte-singer`.

use std::process::ExitCode;

fn main() -> ExitCode {
    airbyte_singer::cli::main()
}

//! Vocabulary only; see the modules.

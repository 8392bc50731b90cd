//! The toolkit, as an author and a platform see it.

#[path = "toolkit/example.rs"]
mod example;
#[path = "toolkit/model.rs"]
mod model;
#[path = "toolkit/panics.rs"]
mod panics;
#[path = "toolkit/parents.rs"]
mod parents;
#[path = "toolkit/random.rs"]
mod random;
#[path = "toolkit/states.rs"]
mod states;

//! Has the crate compiled again when a migration is added: the migrations are compiled in, and the macro that does so
//! sees only the changes of those it knew.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}

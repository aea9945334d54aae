//! CRMs both ways, against servers that follow the vendors' documented shapes and failures.

mod characters;
mod connections;
mod deals;
mod desk;
mod differences;
mod drift;
mod messages;
mod mirror;
mod page;
mod stub;
mod trouble;

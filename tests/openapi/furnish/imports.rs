use super::Record;
use crate::openapi::world::Company;

pub(super) async fn records(_vendor: &Company, _partner: &Company) -> Vec<Record> {
    Vec::new()
}

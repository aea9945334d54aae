//! Which column a field is read from.

use std::collections::BTreeMap;

use guildhall_spine::http::Checks;

use super::kind::Field;

/// The mapping that is asked for, or without one, each field from the column of its name. Notes fields and columns that
/// there aren't, and fields that are needed and come from nowhere.
pub(super) fn resolve(
    checks: &mut Checks,
    fields: &[Field],
    columns: &[String],
    asked: Option<BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mapping = asked.unwrap_or_else(|| by_name(fields, columns));
    for (field, column) in &mapping {
        let pointer = format!("/mapping/{}", field.replace('~', "~0").replace('/', "~1"));
        if !fields.iter().any(|one| one.name == field) {
            let names: Vec<&str> = fields.iter().map(|one| one.name).collect();
            checks.refuse(
                pointer,
                "unknown",
                format!("there is no such field: {}", names.join(", ")),
            );
        } else if !columns.contains(column) || column.is_empty() {
            checks.refuse(pointer, "no_such_column", format!("the file has no column {column:?}"));
        }
    }
    for field in fields.iter().filter(|field| field.required) {
        if !mapping.contains_key(field.name) {
            let message = format!("the field {} is needed: say which column it is read from", field.name);
            checks.refuse(format!("/mapping/{}", field.name), "missing", message);
        }
    }
    mapping
}

fn by_name(fields: &[Field], columns: &[String]) -> BTreeMap<String, String> {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
    fields
        .iter()
        .filter_map(|field| {
            let column = columns.iter().find(|column| plain(column) == field.name)?;
            Some((field.name.to_owned(), column.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field::needed("name"),
        Field::needed("customer_domain"),
        Field::may("tier"),
    ];

    fn faults(columns: &[&str], asked: Option<&[(&str, &str)]>) -> Vec<String> {
        let mut checks = Checks::default();
        let columns: Vec<String> = columns.iter().map(|&name| name.to_owned()).collect();
        let asked = asked.map(|pairs| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect());
        resolve(&mut checks, FIELDS, &columns, asked);
        let fault = |fault: &guildhall_spine::http::FieldError| format!("{} {}", fault.pointer, fault.code);
        checks.faults().iter().map(fault).collect()
    }

    #[test]
    fn columns_are_found_by_name_and_what_is_missing_is_named() {
        assert!(faults(&["Name", "Customer Domain", "Comment"], None).is_empty());
        assert_eq!(faults(&["Name"], None), ["/mapping/customer_domain missing"]);
        let asked = [("name", "Firma"), ("customer_domain", "Web"), ("colour", "Web")];
        assert_eq!(
            faults(&["Firm", "Web"], Some(&asked)),
            ["/mapping/colour unknown", "/mapping/name no_such_column"]
        );
    }
}

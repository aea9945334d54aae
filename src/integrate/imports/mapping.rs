//! Which column a field is read from.

use std::collections::BTreeMap;

use guildhall_spine::http::Checks;

use super::kind::{Field, FreeField};

/// The mapping that is asked for, or without one, each field from the column of its name. Notes fields and columns that
/// there aren't, and fields that are needed and come from nowhere.
pub(super) fn resolve(
    checks: &mut Checks,
    (fields, free): (&[Field], &[FreeField]),
    columns: &[String],
    asked: Option<BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mapping = asked.unwrap_or_else(|| by_name(fields, free, columns));
    for (field, column) in &mapping {
        let pointer = format!("/mapping/{}", field.replace('~', "~0").replace('/', "~1"));
        let of_free = free.iter().find(|one| one.name == *field);
        if of_free.is_some_and(|one| one.file) {
            let message = "takes a file, which can't be imported: leave it out";
            checks.refuse(pointer, "file", message);
        } else if of_free.is_none() && !fields.iter().any(|one| one.name == field) {
            let names = fields.iter().map(|one| one.name);
            let names: Vec<&str> = names.chain(free.iter().map(|one| one.name.as_str())).collect();
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

fn by_name(fields: &[Field], free: &[FreeField], columns: &[String]) -> BTreeMap<String, String> {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
    let free = free.iter().filter(|field| !field.file);
    let names = fields.iter().map(|field| field.name);
    names
        .chain(free.map(|field| field.name.as_str()))
        .filter_map(|name| {
            let column = columns.iter().find(|column| plain(column) == name)?;
            Some((name.to_owned(), column.clone()))
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
        let free = |(name, file): (&str, bool)| FreeField {
            name: name.to_owned(),
            file,
        };
        let free = [("fields.site", false), ("fields.order", true)].map(free);
        let mapping = resolve(&mut checks, (FIELDS, &free), &columns, asked);
        assert!(!mapping.contains_key("fields.order") || !checks.faults().is_empty());
        let fault = |fault: &guildhall_spine::http::FieldError| format!("{} {}", fault.pointer, fault.code);
        checks.faults().iter().map(fault).collect()
    }

    #[test]
    fn free_fields_are_found_and_files_are_not_read() {
        assert!(faults(&["Name", "Customer Domain", "Fields.Site", "fields.order"], None).is_empty());
        let asked = [
            ("name", "A"),
            ("customer_domain", "B"),
            ("fields.site", "C"),
            ("fields.order", "D"),
            ("fields.colour", "A"),
        ];
        assert_eq!(
            faults(&["A", "B", "D"], Some(&asked)),
            [
                "/mapping/fields.colour unknown",
                "/mapping/fields.order file",
                "/mapping/fields.site no_such_column"
            ]
        );
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

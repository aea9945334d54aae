//! What imported registrations answer to the forms of their programs, each answer a text of a file's cell.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guildhall_kernel::{OrgId, ProgramId};
use guildhall_spine::{access::OrgKind, db::Tx, http::FieldError};
use serde_json::{Map, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::forms::{
    self,
    definition::{Field, Kind},
    rows::StoredForm,
};

/// A key of the forms that an organisation has to do with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormKey {
    /// The key.
    pub key: String,
    /// Every form that has it asks for a file by it.
    pub file: bool,
}

/// The keys of the current forms of a vendor's programs, or of those that a partner stands in.
///
/// # Errors
/// When the database fails.
pub async fn form_keys(conn: &mut PgConnection, org: OrgId, kind: OrgKind) -> Result<Vec<FormKey>, sqlx::Error> {
    sqlx::query_as!(
        FormKey,
        r#"SELECT field ->> 'key' AS "key!", bool_and(field ->> 'kind' = 'file') AS "file!"
           FROM (SELECT id FROM program WHERE $2 AND vendor_id = $1
                 UNION SELECT program_id FROM partnership WHERE NOT $2 AND partner_id = $1 AND status = 'active') p
           CROSS JOIN LATERAL (SELECT fields FROM deal_form WHERE program_id = p.id ORDER BY no DESC LIMIT 1) f
           CROSS JOIN LATERAL jsonb_array_elements(f.fields) field
           GROUP BY 1 ORDER BY 1"#,
        org.uuid(),
        kind == OrgKind::Vendor,
    )
    .fetch_all(conn)
    .await
}

/// The forms of programs, as an import is checked by them.
pub(super) struct Forms(HashMap<ProgramId, Form>);

/// A program's form, if it has one.
#[derive(Debug, Default)]
pub(super) struct Form(Option<StoredForm>);

/// What stands for a program without a form.
static NONE: Form = Form(None);

impl Forms {
    pub(super) async fn of(tx: &mut Tx, by: OrgKind, programs: BTreeSet<ProgramId>) -> Result<Self, sqlx::Error> {
        let mut found = HashMap::new();
        for program in programs {
            let mut stored = forms::rows::current(tx, program).await?;
            if let (OrgKind::Vendor, Some(stored)) = (by, &mut stored) {
                let files = stored.form.fields.iter_mut().filter(|field| field.kind == Kind::File);
                files.for_each(|field| {
                    field.required = false;
                    field.required_if.clear();
                });
            }
            found.insert(program, Form(stored));
        }
        Ok(Self(found))
    }

    pub(super) fn of_program(&self, program: ProgramId) -> &Form {
        self.0.get(&program).unwrap_or(&NONE)
    }
}

impl Form {
    pub(super) fn id(&self) -> Option<Uuid> {
        self.0.as_ref().map(|stored| stored.id.uuid())
    }

    pub(super) fn asks(&self) -> Option<&forms::definition::Form> {
        self.0.as_ref().map(|stored| &stored.form)
    }

    fn field(&self, key: &str) -> Option<&Field> {
        self.asks()?.fields.iter().find(|field| field.key == key)
    }

    fn is_file(&self, key: &str) -> bool {
        self.field(key).is_some_and(|field| field.kind == Kind::File)
    }

    /// The answers as they would be sent. Of a choice that takes several, they stand in one cell with semicolons between
    /// them.
    pub(super) fn read(&self, cells: &BTreeMap<String, String>) -> Map<String, Value> {
        let answer = |(key, text): (&String, &String)| {
            let several = self.field(key).filter(|field| field.multiple);
            let whole = |field: &Field| field.options.iter().any(|option| option.value == *text);
            let value = match several {
                Some(field) if !whole(field) => {
                    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
                    parts.map(Value::from).collect()
                }
                Some(_) => Value::from(vec![text.as_str()]),
                None => Value::from(text.as_str()),
            };
            (key.clone(), value)
        };
        let others = cells.iter().filter(|(key, _)| !self.is_file(key));
        others.map(answer).collect()
    }

    /// Cells for what is a file.
    pub(super) fn files_given(&self, cells: &BTreeMap<String, String>) -> Vec<FieldError> {
        let keys = cells.keys().filter(|key| self.is_file(key));
        keys.map(|key| file(key)).collect()
    }

    /// A fault of an answer, by the name that its field has in an import.
    pub(super) fn name(&self, fault: &FieldError) -> Option<FieldError> {
        let key = fault.pointer.strip_prefix("/custom/")?;
        if self.is_file(key) {
            return Some(file(key));
        }
        Some(FieldError {
            pointer: named(key),
            ..fault.clone()
        })
    }
}

fn named(key: &str) -> String {
    format!("/fields.{key}")
}

fn file(key: &str) -> FieldError {
    FieldError {
        pointer: named(key),
        code: "file",
        message: "takes a file, which can't be imported: register this deal by itself".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form() -> Form {
        let fields = json!([
            {"key": "site", "label": "S", "kind": "choice", "multiple": true, "options": [
                {"value": "a", "label": "A"}, {"value": "b", "label": "B"}, {"value": "c; d", "label": "C"}]},
            {"key": "why", "label": "W", "kind": "text"},
            {"key": "order", "label": "O", "kind": "file"},
        ]);
        Form(Some(StoredForm {
            id: Uuid::nil().into(),
            form: forms::definition::Form {
                fields: serde_json::from_value(fields).unwrap(),
            },
        }))
    }

    fn cells(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(key, text)| ((*key).to_owned(), (*text).to_owned()))
            .collect()
    }

    #[test]
    fn several_choices_stand_in_one_cell_and_files_in_none() {
        for (text, read) in [
            ("a", json!(["a"])),
            ("b; a;", json!(["b", "a"])),
            ("c; d", json!(["c; d"])),
            (";", json!([])),
        ] {
            let given = cells(&[("site", text), ("why", "x; y"), ("order", "z")]);
            assert_eq!(Value::from(form().read(&given)), json!({"site": read, "why": "x; y"}));
            assert_eq!(form().files_given(&given), [file("order")]);
        }
        assert_eq!(NONE.read(&cells(&[("why", "x")])).len(), 1, "for the check to refuse");
    }
}

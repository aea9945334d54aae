//! The parties named on a document.

use crate::face::{BODY, FAINT, LABEL, NAME};
use crate::sheet::{NodeId, Owner, Sheet};

/// Who stands on a document: its name, address and identifiers, as they are to be printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// The legal name.
    pub name: String,
    /// The lines of the postal address, the country last.
    pub address: Vec<String>,
    /// The tax identifier with its prefix, for example `DE123456789` (EN 16931: BT-31, BT-48).
    pub tax_id: Option<String>,
    /// The entry in a register of companies, for example `HRB 1234, Amtsgericht Köln` (BT-30, BT-47).
    pub registration: Option<String>,
}

const NAME_LINES: usize = 4;
const ADDRESS_LINES: usize = 8;

impl Party {
    /// Draws the party as a block of the given width and gives its height. The cursor stays where it is.
    pub(crate) fn draw(&self, sheet: &mut Sheet<'_>, at: (f32, f32), width: f32, role: &str, parent: NodeId) -> f32 {
        let (x, top) = at;
        let node = sheet.paragraph_node(parent);
        let mut y = top;
        y += sheet.block((x, y), width, LABEL, role, 1, Owner::Node(node)) + 2.0;
        let node = sheet.paragraph_node(parent);
        y += sheet.block((x, y), width, NAME, &self.name, NAME_LINES, Owner::Node(node)) + 1.0;
        for line in self.address.iter().take(ADDRESS_LINES) {
            y += sheet.block((x, y), width, BODY, line, 2, Owner::Node(node));
        }
        let ids = [("Tax ID", &self.tax_id), ("Registered", &self.registration)];
        for (label, value) in ids
            .into_iter()
            .filter_map(|(label, value)| Some((label, value.as_ref()?)))
        {
            let text = format!("{label} {value}");
            y += sheet.block((x, y), width, FAINT, &text, 2, Owner::Node(node));
        }
        y - top
    }
}

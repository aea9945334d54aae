//! The top of a first page: what the document is, its facts, and the parties.

use std::num::NonZeroU16;

use krilla::tagging::Tag;

use crate::Party;
use crate::face::{BODY, LABEL, LEAD, STRONG, TITLE};
use crate::paper::MARGIN;
use crate::sheet::{Owner, ROOT, Sheet};

/// What stands at the top of a first page.
pub(crate) struct Masthead<'a> {
    pub(crate) title: &'a str,
    pub(crate) lead: &'a str,
    /// Labels and values, the first of them in bold.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// The two parties with their roles, left and right.
    pub(crate) parties: [(&'a str, &'a Party); 2],
}

const FACTS_WIDTH: f32 = 204.0;
const LABEL_WIDTH: f32 = 50.0;

/// Draws the masthead and leaves the cursor below it.
pub(crate) fn masthead(sheet: &mut Sheet<'_>, head: &Masthead<'_>) {
    let measure = sheet.paper.measure();
    let top = sheet.y;
    let right = MARGIN + measure - FACTS_WIDTH;
    let left = measure - FACTS_WIDTH - 12.0;
    sheet.bookmark(head.title);
    let title = sheet.node(ROOT, Tag::Hn(NonZeroU16::MIN, Some(head.title.to_owned())));
    let mut y = top - 4.0;
    y += sheet.block((MARGIN, y), left, TITLE, head.title, 2, Owner::Node(title)) + 1.0;
    let lead = sheet.paragraph_node(ROOT);
    y += sheet.block((MARGIN, y), left, LEAD, head.lead, 3, Owner::Node(lead));
    let facts = facts(sheet, &head.facts, (right, top));
    let below = y.max(facts) + 26.0;
    let mut bottom = below;
    for ((role, party), (x, width)) in head.parties.into_iter().zip([(MARGIN, left), (right, FACTS_WIDTH)]) {
        bottom = bottom.max(below + party.draw(sheet, (x, below), width, role, ROOT));
    }
    sheet.y = bottom + 24.0;
}

fn facts(sheet: &mut Sheet<'_>, facts: &[(&'static str, String)], at: (f32, f32)) -> f32 {
    let (x, mut y) = at;
    for (place, (label, value)) in facts.iter().enumerate() {
        let node = sheet.paragraph_node(ROOT);
        let style = if place == 0 { STRONG } else { BODY };
        let baseline = y + style.ascent();
        sheet.line((x, baseline), LABEL, format!("{label} "), Owner::Node(node));
        let at = (x + LABEL_WIDTH, y);
        y += sheet.block(at, FACTS_WIDTH - LABEL_WIDTH, style, value, 3, Owner::Node(node)) + 3.0;
    }
    y
}

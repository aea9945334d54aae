//! Writes the laid-out pages as a tagged PDF/A-2a (ISO 19005-2) that is also PDF/UA-1 (ISO 14289-1).

use chrono::{Datelike, NaiveDate};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node as Tagged, TagGroup, TagTree};
use krilla::{Document, SerializeSettings};

use crate::DocumentFault;
use crate::face::{FAINT, Faces, Ink};
use crate::paper::MARGIN;
use crate::sheet::{Child, Node, Op, Owner, Sheet};
use crate::wrap::tidy;

/// What a file says about itself.
pub(crate) struct About<'a> {
    pub(crate) title: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) author: &'a str,
    /// What the file's identifier is derived from.
    pub(crate) id: &'a str,
    pub(crate) issued: NaiveDate,
}

const LANGUAGE: &str = "en-GB";
/// PDF/A bounds a string to 32 767 bytes (ISO 19005-2, 6.1.13); what a file says about itself stays far below.
const ABOUT_CHARS: usize = 400;

impl Ink {
    fn fill(self) -> Fill {
        let (red, green, blue) = match self {
            Self::Strong => (17, 24, 39),
            Self::Plain => (45, 53, 67),
            Self::Faint => (97, 106, 120),
            Self::Hairline => (214, 218, 224),
        };
        Fill {
            paint: rgb::Color::new(red, green, blue).into(),
            opacity: NormalizedF32::ONE,
            rule: FillRule::NonZero,
        }
    }
}

/// Numbers the pages and writes the file.
pub(crate) fn write(mut sheet: Sheet<'_>, about: &About<'_>) -> Result<Vec<u8>, DocumentFault> {
    foot(&mut sheet);
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|fault| DocumentFault::Pdf(format!("{fault:?}")))?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        ..SerializeSettings::default()
    });
    document.set_metadata(metadata(about));
    let (width, height) = sheet.paper.size();
    let mut marks: Vec<Option<Identifier>> = Vec::with_capacity(sheet.marks);
    marks.resize_with(sheet.marks, || None);
    for ops in &sheet.pages {
        let settings = PageSettings::from_wh(width, height)
            .ok_or_else(|| DocumentFault::Pdf("the page has no area".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for op in ops {
            draw(&mut surface, sheet.faces, op, &mut marks);
        }
        surface.finish();
        page.finish();
    }
    document.set_outline(outline(&sheet));
    document.set_tag_tree(tags(&sheet, &mut marks));
    document.finish().map_err(|fault| DocumentFault::Pdf(told(&fault)))
}

/// The foot of each page: what the document is, and which page of how many.
fn foot(sheet: &mut Sheet<'_>) {
    let (width, height) = sheet.paper.size();
    let total = sheet.pages.len();
    let pages = std::mem::take(&mut sheet.pages);
    for (number, page) in (1..).zip(pages) {
        sheet.pages.push(page);
        let y = height - 48.0;
        sheet.rule(MARGIN, y, width - 2.0 * MARGIN, 0.5, Ink::Hairline);
        let baseline = y + 14.0;
        let running = sheet.running.clone();
        sheet.line((MARGIN, baseline), FAINT, running, Owner::Decoration);
        let page = format!("Page {number} of {total}");
        sheet.flush_right(width - MARGIN, baseline, 90.0, FAINT, &page, Owner::Decoration);
    }
}

fn metadata(about: &About<'_>) -> Metadata {
    let text = |text: &str| tidy(text).chars().take(ABOUT_CHARS).collect::<String>();
    let part = |number: u32| u8::try_from(number).unwrap_or(1);
    let year = u16::try_from(about.issued.year()).unwrap_or_default();
    let date = DateTime::new(year)
        .month(part(about.issued.month()))
        .day(part(about.issued.day()))
        .hour(0)
        .minute(0)
        .second(0)
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(text(about.title))
        .description(text(about.subject))
        .authors(vec![text(about.author)])
        .creator("Guildhall".to_owned())
        .producer("Guildhall".to_owned())
        .language(LANGUAGE.to_owned())
        .document_id(about.id.to_owned())
        .creation_date(date)
}

fn draw(surface: &mut Surface<'_>, faces: &Faces, op: &Op, marks: &mut [Option<Identifier>]) {
    match op {
        Op::Text {
            x,
            baseline,
            style,
            text,
            mark,
        } => {
            let tag = match mark {
                Some(_) => ContentTag::Other,
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            };
            let identifier = surface.start_tagged(tag);
            if let Some(slot) = mark.and_then(|mark| marks.get_mut(mark)) {
                *slot = Some(identifier);
            }
            let face = faces.of(*style);
            surface.set_fill(Some(style.ink.fill()));
            let at = Point::from_xy(*x, *baseline);
            surface.draw_glyphs(at, &face.glyphs(text), face.font(), text, style.size, false);
            surface.end_tagged();
        }
        Op::Rule {
            x,
            y,
            width,
            thickness,
            ink,
        } => {
            let Some(rect) = Rect::from_xywh(*x, *y, *width, *thickness) else {
                return;
            };
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            if let Some(path) = path.finish() {
                surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
                surface.set_fill(Some(ink.fill()));
                surface.draw_path(&path);
                surface.end_tagged();
            }
        }
    }
}

fn outline(sheet: &Sheet<'_>) -> Outline {
    let mut outline = Outline::new();
    for bookmark in &sheet.bookmarks {
        let at = XyzDestination::new(bookmark.page, Point::from_xy(0.0, bookmark.y));
        let title = bookmark.title.chars().take(ABOUT_CHARS).collect();
        outline.push_child(OutlineNode::new(title, at));
    }
    outline
}

fn tags(sheet: &Sheet<'_>, marks: &mut [Option<Identifier>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(LANGUAGE.to_owned()));
    if let Some(root) = sheet.nodes.first() {
        for child in grown(root, &sheet.nodes, marks) {
            tree.push(child);
        }
    }
    tree
}

/// The children of a node as krilla wants them. The tree is a few levels deep, so is the recursion.
fn grown(node: &Node, nodes: &[Node], marks: &mut [Option<Identifier>]) -> Vec<Tagged> {
    let mut children = Vec::with_capacity(node.children.len());
    for child in &node.children {
        match child {
            Child::Mark(mark) => children.extend(marks.get_mut(*mark).and_then(Option::take).map(Tagged::from)),
            Child::Node(id) => {
                if let Some(node) = id.of(nodes) {
                    let group = TagGroup::with_children(node.tag.clone(), grown(node, nodes, marks));
                    children.push(group.into());
                }
            }
        }
    }
    children
}

/// A fault of the writer with its causes: its own text gives only their number.
fn told(fault: &KrillaError) -> String {
    match fault {
        KrillaError::Validation(causes) => {
            let causes: Vec<String> = causes.iter().take(5).map(|(cause, _)| format!("{cause:?}")).collect();
            format!("{fault}: {}", causes.join("; "))
        }
        _ => fault.to_string(),
    }
}

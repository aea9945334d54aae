//! The typefaces: which glyph shows a character, how wide it is, and the styles of a document.

use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::MetadataProvider;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use unicode_segmentation::UnicodeSegmentation;

use crate::DocumentFault;

/// The glyph that stands for what the typeface lacks.
const REPLACEMENT: char = '\u{fffd}';

/// How dark a mark is. All pass the contrast of WCAG 2.1 AA on white.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Titles and figures that count.
    Strong,
    /// Running text.
    Plain,
    /// Labels and second lines.
    Faint,
    /// Rules between rows.
    Hairline,
}

/// How a piece of text is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) bold: bool,
    /// In points.
    pub(crate) size: f32,
    pub(crate) ink: Ink,
}

const fn style(bold: bool, size: f32, ink: Ink) -> Style {
    Style { bold, size, ink }
}

pub(crate) const TITLE: Style = style(true, 20.0, Ink::Strong);
pub(crate) const LEAD: Style = style(false, 11.0, Ink::Faint);
pub(crate) const HEADING: Style = style(true, 11.0, Ink::Strong);
pub(crate) const NAME: Style = style(true, 9.5, Ink::Strong);
pub(crate) const FIGURE: Style = style(false, 13.0, Ink::Plain);
pub(crate) const FIGURE_STRONG: Style = style(true, 13.0, Ink::Strong);
pub(crate) const BODY: Style = style(false, 8.5, Ink::Plain);
pub(crate) const STRONG: Style = style(true, 8.5, Ink::Strong);
pub(crate) const LABEL: Style = style(false, 7.5, Ink::Faint);
pub(crate) const FAINT: Style = style(false, 7.0, Ink::Faint);
pub(crate) const CODE: Style = style(false, 6.5, Ink::Faint);

impl Style {
    /// The distance between two baselines.
    pub(crate) fn leading(self) -> f32 {
        self.size * 1.36
    }

    /// The distance from the top of a line to its baseline.
    pub(crate) fn ascent(self) -> f32 {
        self.size * 1.06
    }
}

/// One typeface.
pub(crate) struct Face {
    font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units_per_em: f32,
    replacement: skrifa::GlyphId,
}

impl Face {
    fn load(bytes: &'static [u8]) -> Result<Self, DocumentFault> {
        let broken = || DocumentFault::Pdf("the embedded typeface can't be read".to_owned());
        let font = Font::new(bytes.into(), 0).ok_or_else(broken)?;
        let face = skrifa::FontRef::new(bytes).map_err(|_| broken())?;
        let charmap = face.charmap();
        let replacement = charmap.map(REPLACEMENT).ok_or_else(broken)?;
        Ok(Self {
            metrics: face.glyph_metrics(Size::unscaled(), LocationRef::default()),
            units_per_em: font.units_per_em(),
            font,
            charmap,
            replacement,
        })
    }

    pub(crate) fn font(&self) -> Font {
        self.font.clone()
    }

    /// Calls back for each glyph with the bytes of the text that it shows. What a reader sees as one character is one
    /// replacement when the typeface lacks any part of it.
    fn each(&self, text: &str, mut glyph: impl FnMut(skrifa::GlyphId, usize, usize)) {
        for (start, cluster) in text.grapheme_indices(true) {
            if cluster.chars().all(|char| self.charmap.map(char).is_some()) {
                for (offset, char) in cluster.char_indices() {
                    let id = self.charmap.map(char).unwrap_or(self.replacement);
                    glyph(id, start + offset, start + offset + char.len_utf8());
                }
            } else {
                glyph(self.replacement, start, start + cluster.len());
            }
        }
    }

    fn advance(&self, id: skrifa::GlyphId) -> f32 {
        self.metrics.advance_width(id).unwrap_or_default() / self.units_per_em
    }

    /// The width of a text, in points.
    pub(crate) fn width(&self, text: &str, size: f32) -> f32 {
        let mut width = 0.0;
        self.each(text, |id, _, _| width += self.advance(id));
        width * size
    }

    pub(crate) fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let mut glyphs = Vec::with_capacity(text.len());
        self.each(text, |id, start, end| {
            let advance = self.advance(id);
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(id.to_u32()),
                advance,
                0.0,
                0.0,
                0.0,
                start..end,
                None,
            ));
        });
        glyphs
    }
}

/// The two weights that the documents are set in: Noto Sans, of which digits are all equally wide.
pub(crate) struct Faces {
    regular: Face,
    bold: Face,
}

impl Faces {
    pub(crate) fn load() -> Result<Self, DocumentFault> {
        Ok(Self {
            regular: Face::load(notosans::REGULAR_TTF)?,
            bold: Face::load(notosans::BOLD_TTF)?,
        })
    }

    pub(crate) fn of(&self, style: Style) -> &Face {
        if style.bold { &self.bold } else { &self.regular }
    }

    /// The width of a text in a style, in points.
    pub(crate) fn width(&self, text: &str, style: Style) -> f32 {
        self.of(style).width(text, style.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_equally_wide_in_both_weights() {
        let faces = Faces::load().unwrap();
        for style in [BODY, STRONG] {
            let zero = faces.width("0", style);
            assert!(('1'..='9').all(|digit| faces.width(&digit.to_string(), style) == zero));
        }
    }

    #[test]
    fn what_the_typeface_lacks_is_one_replacement_for_each_character_seen() {
        let faces = Faces::load().unwrap();
        let face = faces.of(BODY);
        let shown = |text: &str| {
            let mut ids = vec![];
            face.each(text, |id, start, end| {
                ids.push((id == face.replacement, text[start..end].to_owned()))
            });
            ids
        };
        assert_eq!(shown("Łé"), [(false, "Ł".to_owned()), (false, "é".to_owned())]);
        assert_eq!(shown("東x"), [(true, "東".to_owned()), (false, "x".to_owned())]);
        assert_eq!(shown("👨‍👩‍👧"), [(true, "👨‍👩‍👧".to_owned())]);
    }

    #[test]
    fn latin_greek_and_cyrillic_are_covered() {
        let faces = Faces::load().unwrap();
        let text = "ÅßçđęğıłñøœřșțżẞĐ ΑΒΓάώϊ БЖЩЫЯїєґў €£¥₹ – — ‘’ “” „ • · … − × § ° �";
        for style in [BODY, STRONG] {
            assert!(text.chars().all(|char| faces.of(style).charmap.map(char).is_some()));
        }
    }
}

//! The objects of a file: pages, the structure over them, the font, what the file says of itself, and the field that will hold the signature.

use super::font::{Font, Outlines};
use super::layout::{HEIGHT, Laid, Line, Mark, Role, Squares, WIDTH};
use super::signed::{FILL, RANGE, ROOM, Unsigned};
use super::{PdfFault, Sheet};
use crate::domain::lang::Lang;
use jiff::tz::TimeZone;
use pdf_writer::types::{
    AnnotationFlags, CidFontType, FieldType, FontFlags, SigFlags, StructRole, SystemInfo, TableHeaderScope, UnicodeCmap,
};
use pdf_writer::writers::StructTreeRoot;
use pdf_writer::{Content, Date, Finish as _, Name, Pdf, Rect, Ref, Str, TextStr};
use std::fmt::Write as _;

const FONT: Name<'static> = Name(b"F");

const GLYPHS: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Hands out numbers of objects.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 = self.0.saturating_add(1);
        Ref::new(self.0)
    }
}

/// What is asked for in several places.
struct Places {
    catalog: Ref,
    root: Ref,
    pages: Ref,
    page: Vec<Ref>,
    element: Vec<Ref>,
    parents: Vec<Ref>,
    font: Ref,
    field: Ref,
    signature: Ref,
    metadata: Ref,
}

const fn role(role: Role) -> StructRole {
    match role {
        Role::Document => StructRole::Document,
        Role::Heading => StructRole::H1,
        Role::Table => StructRole::Table,
        Role::Row => StructRole::TR,
        Role::Name => StructRole::TH,
        Role::Cell => StructRole::TD,
        Role::Figure => StructRole::Figure,
        Role::Paragraph => StructRole::P,
    }
}

/// Elements of the marks of a page, in order: the place of each is its number there.
fn marked(page: &[Mark]) -> Vec<usize> {
    let element = |mark: &Mark| match mark {
        Mark::Text(element, _) | Mark::Squares(element, _) => Some(*element),
        Mark::Foot(_) | Mark::Rule(_) => None,
    };
    page.iter().filter_map(element).collect()
}

fn number(place: usize) -> i32 {
    i32::try_from(place).unwrap_or(i32::MAX)
}

/// Writes a file.
///
/// # Errors
/// [`PdfFault::Font`], [`PdfFault::Room`].
pub fn write(sheet: &Sheet, font: Font<'_>, laid: Laid) -> Result<Unsigned, PdfFault> {
    let mut numbers = Numbers(0);
    let places = Places {
        catalog: numbers.next(),
        root: numbers.next(),
        pages: numbers.next(),
        page: laid.pages.iter().map(|_| numbers.next()).collect(),
        element: laid.elements.iter().map(|_| numbers.next()).collect(),
        parents: laid.pages.iter().map(|_| numbers.next()).collect(),
        font: numbers.next(),
        field: numbers.next(),
        signature: numbers.next(),
        metadata: numbers.next(),
    };
    let mut pdf = Pdf::new();
    let made = date(sheet.at);
    catalog(&mut pdf, sheet, &places);
    let mut info = pdf.document_info(numbers.next());
    info.title(TextStr(&sheet.title)).author(TextStr(&sheet.author)).creation_date(made);
    info.producer(TextStr("whitelist"));
    info.finish();
    pdf.metadata(places.metadata, metadata(sheet).as_bytes()).finish();
    pdf.pages(places.pages).kids(places.page.iter().copied()).count(number(places.page.len()));
    for (at, (marks, id)) in laid.pages.iter().zip(&places.page).enumerate() {
        let contents = numbers.next();
        let mut page = pdf.page(*id);
        page.parent(places.pages).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).contents(contents);
        page.resources().fonts().pair(FONT, places.font);
        page.struct_parents(number(at));
        if at == 0 {
            page.annotations([places.field]);
        }
        page.finish();
        pdf.stream(contents, &content(marks, &laid)).finish();
    }
    structure(&mut pdf, &laid, &places);
    embed(&mut pdf, &mut numbers, &font, places.font)?;
    sign_here(&mut pdf, sheet, &places, made);
    Unsigned::of(pdf.finish())
}

fn catalog(pdf: &mut Pdf, sheet: &Sheet, places: &Places) {
    let mut catalog = pdf.catalog(places.catalog);
    catalog.pages(places.pages).metadata(places.metadata).lang(TextStr(sheet.lang.pick("zh-CN", "en")));
    catalog.mark_info().marked(true);
    catalog.viewer_preferences().display_doc_title(true);
    catalog.pair(Name(b"StructTreeRoot"), places.root);
    catalog.form().fields([places.field]).sig_flags(SigFlags::SIGNATURES_EXIST | SigFlags::APPEND_ONLY);
    // PAdES goes beyond PDF 1.7 (ETSI EN 319 142-1).
    let mut extensions = catalog.insert(Name(b"Extensions")).dict();
    extensions.insert(Name(b"ESIC")).dict().pair(Name(b"BaseVersion"), Name(b"1.7")).pair(Name(b"ExtensionLevel"), 1);
}

/// Draws a page.
fn content(marks: &[Mark], laid: &Laid) -> Vec<u8> {
    let mut content = Content::new();
    let mut at = 0;
    let mut begin = |content: &mut Content, element: &usize| {
        let name = laid.elements.get(*element).map_or(StructRole::P, |element| role(element.role)).to_name();
        content.begin_marked_content_with_properties(name).properties().identify(at);
        at = at.saturating_add(1);
    };
    for mark in marks {
        match mark {
            Mark::Text(element, lines) => {
                begin(&mut content, element);
                lines.iter().for_each(|line| text(&mut content, line));
            }
            Mark::Squares(element, squares) => {
                begin(&mut content, element);
                fill(&mut content, squares);
            }
            Mark::Foot(line) => {
                content.begin_marked_content(Name(b"Artifact"));
                text(&mut content, line);
            }
            Mark::Rule(y) => {
                content.begin_marked_content(Name(b"Artifact"));
                content.set_fill_gray(0.6).rect(56.0, *y, WIDTH - 112.0, 0.6).fill_nonzero();
            }
        }
        content.end_marked_content();
    }
    content.finish().into_vec()
}

fn text(content: &mut Content, line: &Line) {
    let bytes: Vec<u8> = line.glyphs.iter().flat_map(|glyph| glyph.id.to_be_bytes()).collect();
    content.begin_text().set_fill_gray(line.grey).set_font(FONT, line.size);
    content.set_text_matrix([1.0, 0.0, 0.0, 1.0, line.x, line.y]).show(Str(&bytes)).end_text();
}

fn fill(content: &mut Content, squares: &Squares) {
    content.set_fill_gray(0.0);
    for (x, y) in &squares.dark {
        let (left, top) = (squares.x + x * squares.side, squares.top - y * squares.side);
        content.rect(left, top - squares.side, squares.side, squares.side);
    }
    content.fill_nonzero();
}

/// Writes what is part of what, for programs that read the file aloud.
fn structure(pdf: &mut Pdf, laid: &Laid, places: &Places) {
    let mut root: StructTreeRoot<'_> = pdf.indirect(places.root).start();
    root.children().items(places.element.first().copied());
    let mut tree = root.parent_tree();
    let mut entries = tree.nums();
    for (at, id) in places.parents.iter().enumerate() {
        entries.insert(number(at), *id);
    }
    entries.finish();
    tree.finish();
    root.parent_tree_next_key(number(places.parents.len()));
    root.finish();
    let of_pages: Vec<Vec<usize>> = laid.pages.iter().map(|page| marked(page)).collect();
    for (at, (element, id)) in laid.elements.iter().zip(&places.element).enumerate() {
        let mut written = pdf.struct_element(*id);
        written.kind(role(element.role));
        written.parent(places.element.get(element.parent).filter(|_| at > 0).copied().unwrap_or(places.root));
        if let Some(alt) = &element.alt {
            written.alt(TextStr(alt));
        }
        if element.role == Role::Name {
            written.attributes().push().table().scope(TableHeaderScope::Row);
        }
        let mut children = written.children();
        let parts = laid.elements.iter().zip(&places.element).enumerate().skip(1);
        for (_, (_, part)) in parts.filter(|(other, (part, _))| part.parent == at && *other != at) {
            children.struct_element(*part);
        }
        for (page, marks) in places.page.iter().zip(&of_pages) {
            for (place, _) in marks.iter().enumerate().filter(|(_, element)| **element == at) {
                children.marked_content_ref().page(*page).marked_content_id(number(place));
            }
        }
        children.finish();
        written.finish();
    }
    for (marks, id) in of_pages.iter().zip(&places.parents) {
        pdf.indirect(*id).array().items(marks.iter().filter_map(|element| places.element.get(*element).copied()));
    }
}

/// Embeds the glyphs that were used, with the letter that each stands for.
fn embed(pdf: &mut Pdf, numbers: &mut Numbers, font: &Font<'_>, id: Ref) -> Result<(), PdfFault> {
    let (descendant, descriptor, outlines, unicode) = (numbers.next(), numbers.next(), numbers.next(), numbers.next());
    let (name, measures, made) = (font.name(), font.measures(), font.outlines()?);
    let is_cff = matches!(made, Outlines::Cff(_));
    // A font of outlines in CFF is named with its encoding.
    let whole = if is_cff { format!("{name}-Identity-H") } else { name.clone() };
    pdf.type0_font(id)
        .base_font(Name(whole.as_bytes()))
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(descendant)
        .to_unicode(unicode);
    let mut cid = pdf.cid_font(descendant);
    cid.subtype(if is_cff { CidFontType::Type0 } else { CidFontType::Type2 });
    cid.base_font(Name(name.as_bytes())).system_info(GLYPHS).font_descriptor(descriptor).default_width(0.0);
    if !is_cff {
        cid.cid_to_gid_map_predefined(Name(b"Identity"));
    }
    let mut widths = cid.widths();
    for (glyph, (_, width)) in font.letters() {
        widths.consecutive(*glyph, [*width]);
    }
    widths.finish();
    cid.finish();
    let [left, lower, right, upper] = measures.bounds;
    let mut described = pdf.font_descriptor(descriptor);
    described.name(Name(name.as_bytes())).flags(FontFlags::SYMBOLIC).bbox(Rect::new(left, lower, right, upper));
    described.italic_angle(0.0).ascent(measures.ascent).descent(measures.descent);
    described.cap_height(measures.capitals).stem_v(80.0);
    if is_cff {
        described.font_file3(outlines)
    } else {
        described.font_file2(outlines)
    };
    described.finish();
    match made {
        Outlines::Cff(bytes) => {
            pdf.stream(outlines, &bytes).pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        }
        Outlines::TrueType(bytes) => {
            let length = i32::try_from(bytes.len()).unwrap_or(i32::MAX);
            pdf.stream(outlines, &bytes).pair(Name(b"Length1"), length);
        }
    }
    let mut map = UnicodeCmap::<u16>::new(Name(b"Letters"), GLYPHS);
    for (glyph, (letter, _)) in font.letters() {
        map.pair(*glyph, *letter);
    }
    pdf.cmap(unicode, map.finish().as_slice()).finish();
    Ok(())
}

/// Writes the field of the signature, which is not seen, and what is known of the signature beforehand.
fn sign_here(pdf: &mut Pdf, sheet: &Sheet, places: &Places, made: Date) {
    let mut field = pdf.form_field(places.field);
    field.partial_name(TextStr("Signature")).field_type(FieldType::Signature).pair(Name(b"V"), places.signature);
    let mut widget = field.into_annotation();
    widget.rect(Rect::new(0.0, 0.0, 0.0, 0.0)).flags(AnnotationFlags::PRINT | AnnotationFlags::LOCKED);
    if let Some(page) = places.page.first() {
        widget.page(*page);
    }
    widget.finish();
    let mut signature = pdf.indirect(places.signature).dict();
    signature.pair(Name(b"Type"), Name(b"Sig")).pair(Name(b"Filter"), Name(b"Adobe.PPKLite"));
    signature.pair(Name(b"SubFilter"), Name(b"ETSI.CAdES.detached"));
    signature.insert(Name(b"ByteRange")).array().items(RANGE);
    signature.pair(Name(b"Contents"), Str(&[FILL; ROOM]));
    signature.pair(Name(b"M"), made).pair(Name(b"Name"), TextStr(&sheet.author));
    signature.pair(Name(b"Reason"), TextStr(&sheet.reason));
}

/// What the file says of itself, as XMP.
fn metadata(sheet: &Sheet) -> String {
    let escaped = |text: &str| {
        text.chars().fold(String::new(), |mut made, letter| {
            match letter {
                '&' => made.push_str("&amp;"),
                '<' => made.push_str("&lt;"),
                '>' => made.push_str("&gt;"),
                other => made.push(other),
            }
            made
        })
    };
    let mut xmp = String::from("<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>");
    let (title, author) = (escaped(&sheet.title), escaped(&sheet.author));
    let lang = match sheet.lang {
        Lang::Zh => "zh-CN",
        Lang::En => "en",
    };
    // Writing into a string does not fail.
    let _ = write!(
        xmp,
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\
         <rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\
         <dc:format>application/pdf</dc:format>\
         <dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\
         <dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>\
         <dc:language><rdf:Bag><rdf:li>{lang}</rdf:li></rdf:Bag></dc:language>\
         </rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"
    );
    xmp
}

/// An instant as the file holds it, in universal time.
fn date(seconds: i64) -> Date {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default().to_zoned(TimeZone::UTC);
    let small = |number: i8| u8::try_from(number).unwrap_or(0);
    Date::new(u16::try_from(at.year()).unwrap_or(1970))
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

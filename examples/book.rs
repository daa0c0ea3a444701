//! The manual as a site that reads as one: `cargo run --release --example book` writes `book/`, beginning with `index.html`, and
//! `gallery.html`, a picture of each story of the museum as the program draws it. The site needs no network.
//!
//! The chapters, their order and their summaries are those of the list in `src/manual/mod.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};
use tokenstorm::campaign::{self, CampaignOptions};
use tokenstorm::report::{chart, page};
use tokenstorm::scenario::Scenario;

/// Replications of each story of the gallery: its picture shows the kind of thing, the page of a run its figures.
const REPLICATIONS: u32 = 4;

/// The pages of the strategies, each beside its code.
const STRATEGIES: &str = "crates/core/src/strategy/pages";

/// Chapters that stand in this folder, at the end of the book.
const LAST: [(&str, &str); 2] = [
    (
        "testing",
        "what a strategy of one's own promises, and how it is held to that",
    ),
    (
        "mutations",
        "what the tests say of strategies and a provider that are wrong on purpose",
    ),
];

const TESTING: &str = "crates/core/src/testing";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("book");
    fs::create_dir_all(&folder)?;
    let chapters = chapters(root)?;
    for (name, text) in site(&chapters)
        .into_iter()
        .chain([("gallery".to_owned(), gallery(root, &chapters)?)])
    {
        fs::write(folder.join(format!("{name}.html")), text)?;
    }
    println!("{}", folder.join("index.html").display());
    Ok(())
}

/// A chapter of the book.
struct Chapter {
    name: String,
    /// What it is about, as the list of chapters says.
    about: String,
    /// As Markdown.
    text: String,
}

/// All of them, in the order of the list; the pages of strategies follow their chapter.
fn chapters(root: &Path) -> std::io::Result<Vec<Chapter>> {
    let manual = root.join("src/manual");
    let list = fs::read_to_string(manual.join("mod.rs"))?;
    let list: String = list
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .collect::<Vec<_>>()
        .join(" ");
    let mut chapters = Vec::new();
    let mut strategies: Vec<PathBuf> = fs::read_dir(root.join(STRATEGIES))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    strategies.sort();
    for part in list.split("[`").skip(1) {
        let Some((name, rest)) = part.split_once("`]") else {
            continue;
        };
        let about = rest.trim_start_matches(':').split(" [").next().unwrap_or_default();
        let about = about.trim_end_matches(|letter: char| letter.is_ascii_digit() || ".; ".contains(letter));
        let file = manual.join(format!("{name}.md"));
        if file.is_file() {
            let mut text = fs::read_to_string(file)?;
            if name == "gates" {
                // The table ends this page in the documentation of the code too.
                let codes = fs::read_to_string(root.join("src/cli/exit_codes.txt"))?;
                text.push_str(&format!("\n```text\n{codes}```\n"));
            }
            chapters.push(Chapter {
                name: name.to_owned(),
                about: about.trim().to_owned(),
                text,
            });
        } else if name == "strategies" {
            for path in &strategies {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                let about = tokenstorm::strategy::STRATEGIES
                    .iter()
                    .find(|(known, _)| *known == name);
                chapters.push(Chapter {
                    name: format!("strategy-{name}"),
                    about: about.map_or(String::new(), |(_, about)| (*about).to_owned()),
                    text: fs::read_to_string(path)?,
                });
            }
        }
    }
    for (name, about) in LAST {
        chapters.push(Chapter {
            name: name.to_owned(),
            about: about.to_owned(),
            text: fs::read_to_string(root.join(TESTING).join(format!("{name}.md")))?,
        });
    }
    Ok(chapters)
}

/// The contents and every chapter, as pages.
fn site(chapters: &[Chapter]) -> Vec<(String, String)> {
    let contents = html! {
        h1 { "The book of tokenstorm" }
        p { "What happens when many processes share one OAuth credential: the manual, page by page, and " a href="gallery.html" { "a gallery" } " of what went wrong in public." }
        ol {
            @for chapter in chapters {
                li { a href={ (chapter.name) ".html" } { (title(chapter)) } @if !chapter.about.is_empty() { ": " (chapter.about) } }
            }
            li { a href="gallery.html" { "Gallery" } ": each story of the museum in a picture" }
        }
    };
    let mut pages = vec![("index".to_owned(), whole("Contents", None, chapters, contents))];
    for (at, chapter) in chapters.iter().enumerate() {
        let body = html! { (PreEscaped(rendered(&chapter.text, chapters))) };
        pages.push((chapter.name.clone(), whole(&title(chapter), Some(at), chapters, body)));
    }
    pages
}

/// Its first heading, or its name.
fn title(chapter: &Chapter) -> String {
    let heading = chapter.text.lines().find_map(|line| line.strip_prefix("# "));
    let own = chapter
        .name
        .strip_prefix("strategy-")
        .map(|name| format!("Strategy: {name}"));
    own.or(heading.map(|heading| heading.replace('`', "")))
        .unwrap_or_else(|| chapter.name.replace('_', " "))
}

/// A page with the way to the pages before and after it.
fn whole(title: &str, at: Option<usize>, chapters: &[Chapter], body: Markup) -> String {
    let step = |to: Option<&Chapter>, word: &str| {
        html! { @if let Some(to) = to { a rel=(word) href={ (to.name) ".html" } { (word) ": " (self::title(to)) } " " } }
    };
    let before = at.and_then(|at| chapters.get(at.checked_sub(1)?));
    let after = at.map_or(chapters.first(), |at| chapters.get(at + 1));
    let way = |place: &str| {
        html! {
            nav.hint aria-label={ "Chapters, " (place) } {
                (step(before, "prev")) a href="index.html" { "contents" } " " (step(after, "next"))
            }
        }
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (page::head(title, env!("CARGO_PKG_VERSION"), html! { style { (PreEscaped(MORE)) } }))
            body { (way("above")) main { (body) } footer { (way("below")) } }
        }
    };
    page.into_string()
}

/// What a text needs beyond a page of results.
const MORE: &str = "main{max-width:52rem}main table{display:block;overflow-x:auto;font-size:.9rem}main th,main td{padding:.3rem .6rem;text-align:left;\
vertical-align:top;border-bottom:1px solid var(--rule)}a{color:var(--accent)}nav a{margin-right:1rem}footer{margin-top:3rem}figure svg{min-width:0}";

/// Markdown as HTML, with the links of the code's documentation as links of the site.
fn rendered(text: &str, chapters: &[Chapter]) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
    let mut unlinked = Vec::new();
    // A page that is named between brackets alone.
    let named = |link: pulldown_cmark::BrokenLink<'_>| {
        let name = link.reference.trim_matches('`').to_owned();
        let known = chapters.iter().any(|chapter| chapter.name == name);
        known.then(|| (CowStr::from(format!("crate::manual::{name}")), CowStr::from("")))
    };
    let parser = Parser::new_with_broken_link_callback(text, options, Some(named));
    let events = parser.filter_map(|event| match event {
        Event::Start(Tag::Link {
            link_type,
            dest_url,
            title,
            id,
        }) => {
            let target = target(&dest_url, chapters);
            unlinked.push(target.is_none());
            let dest_url = CowStr::from(target?);
            Some(Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }))
        }
        // What only the documentation of the code has is named, not linked.
        Event::End(TagEnd::Link) if unlinked.pop() == Some(true) => None,
        other => Some(other),
    });
    let mut out = String::new();
    pulldown_cmark::html::push_html(&mut out, events);
    // What can be scrolled can be reached by the keyboard.
    with_places(&out.replace("<pre>", "<pre tabindex=\"0\">"))
}

/// Headings that can be linked to, by the names that the documentation of the code gives them.
fn with_places(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find("<h") {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let level = from.as_bytes().get(2).copied().unwrap_or_default();
        let close = format!("</h{}>", char::from(level));
        match from.split_once(&close).filter(|_| level.is_ascii_digit()) {
            Some((opened, after)) => {
                let inner = &opened["<hN>".len()..];
                out.push_str(&format!(
                    "<h{0} id=\"{1}\">{inner}{close}",
                    char::from(level),
                    place(inner)
                ));
                rest = after;
            }
            None => {
                out.push_str("<h");
                rest = &from["<h".len()..];
            }
        }
    }
    out + rest
}

/// A heading as a name of a place.
fn place(heading: &str) -> String {
    let mut plain = String::new();
    let mut tag = false;
    for letter in heading.chars() {
        match letter {
            '<' => tag = true,
            '>' => tag = false,
            _ if tag => {}
            letter if letter.is_alphanumeric() => plain.extend(letter.to_lowercase()),
            ' ' | '-' | '_' => plain.push(if letter == ' ' { '-' } else { letter }),
            _ => {}
        }
    }
    plain
}

/// Where a link of the manual leads to on the site; none for an item of the code.
fn target(link: &str, chapters: &[Chapter]) -> Option<String> {
    if link.contains("://") || link.starts_with('#') {
        return Some(link.to_owned());
    }
    if let Some(path) = link.strip_prefix("crate::manual::") {
        let path = path.replace("strategies::", "strategy-");
        let (name, place) = path
            .split_once('#')
            .map_or((path.as_str(), ""), |(name, place)| (name, place));
        let known = chapters.iter().any(|chapter| chapter.name == name);
        let place = if place.is_empty() {
            String::new()
        } else {
            format!("#{place}")
        };
        return known.then(|| format!("{name}.html{place}"));
    }
    if link == "crate::testing" {
        return Some("testing.html".to_owned());
    }
    if let Some(name) = link.strip_suffix(".md").filter(|name| !name.contains('/')) {
        return Some(format!("{name}.html"));
    }
    (!link.contains("::")).then(|| format!("../src/manual/{link}"))
}

/// A picture of each story of the museum.
fn gallery(root: &Path, chapters: &[Chapter]) -> Result<String, Box<dyn std::error::Error>> {
    let mut stories: Vec<PathBuf> = fs::read_dir(root.join("scenarios/incidents"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    stories.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    stories.sort();
    let drawn = stories.iter().map(|path| story(path)).collect::<Result<Vec<_>, _>>()?;
    let body = html! {
        h1 { "Gallery" }
        p {
            "Each story of the " a href="incidents.html" { "museum" } " as the program draws it, in " (REPLICATIONS)
            " replications. The command below a picture makes the whole page of its results."
        }
        @for story in &drawn { (story) }
    };
    Ok(whole("Gallery", Some(chapters.len()), chapters, body))
}

/// One of them, with the first chart that shows something.
fn story(path: &Path) -> Result<Markup, Box<dyn std::error::Error>> {
    let text = fs::read_to_string(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let scenario = Scenario::parse(&path.display().to_string(), &text, folder)?;
    let options = CampaignOptions {
        replications: REPLICATIONS,
        precision: None,
        ..CampaignOptions::of(&scenario)
    };
    let record = campaign::run(&scenario, options, &(), &AtomicBool::new(false))?.record;
    let chart = chart::CHARTS.iter().find(|chart| (chart.applies)(&record));
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(html! {
        section id=(scenario.file.name.replace('/', "-")) {
            h2 { (scenario.file.name) }
            p { (scenario.file.summary) }
            @if let Some(chart) = chart {
                figure {
                    div.scroll tabindex="0" role="group" aria-label=(chart.about) { (PreEscaped((chart.draw)(&record).svg())) }
                    figcaption { (chart.about) }
                }
            }
            p.hint { "Source: " (scenario.file.source) }
            pre tabindex="0" { "tokenstorm run scenarios/incidents/" (file) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    /// Every page of the manual is a chapter, every link of the site leads to one of its pages or to a file, and from each page the way
    /// goes on.
    #[test]
    fn the_site_is_whole() {
        let chapters = chapters(root()).unwrap();
        let files = |folder: &str| {
            let entries = fs::read_dir(root().join(folder)).unwrap();
            entries
                .filter(|entry| {
                    entry
                        .as_ref()
                        .unwrap()
                        .path()
                        .extension()
                        .is_some_and(|extension| extension == "md")
                })
                .count()
        };
        assert_eq!(chapters.len(), files("src/manual") + files(STRATEGIES) + files(TESTING));
        let pages = site(&chapters);
        let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).chain(["gallery"]).collect();
        for (at, (name, page)) in pages.iter().enumerate() {
            for link in page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
                let (file, _) = link.split_once('#').unwrap_or((link, ""));
                let own = file.strip_suffix(".html");
                let there = file.is_empty()
                    || file.contains("://")
                    || own.is_some_and(|own| names.contains(&own))
                    || root().join(file.trim_start_matches("../")).exists();
                assert!(there, "{name}: {link} leads nowhere");
            }
            assert!(
                !page.contains("<script") && !page.contains("src=\"http"),
                "{name} asks nothing of any network"
            );
            let next = pages
                .get(at + 1)
                .map(|(next, _)| format!("rel=\"next\" href=\"{next}.html\""));
            assert!(next.is_none_or(|next| page.contains(&next)), "{name} goes on");
        }
    }

    #[test]
    fn a_story_has_its_picture() {
        let path = fs::read_dir(root().join("scenarios/incidents"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path();
        let drawn = story(&path).unwrap().into_string();
        assert!(
            drawn.contains("<svg") && drawn.contains("tokenstorm run scenarios/incidents/"),
            "{drawn}"
        );
    }
}

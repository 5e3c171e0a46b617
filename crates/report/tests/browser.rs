//! The page in a browser: Chromium from the distribution, without a window, and axe-core, which
//! `.ci/page` fetches from npm. Where one of them is absent, a line says so and nothing is tested.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use keyway_report::{Kind, Part, Results, SCHEMA};
use serde_json::Value;

/// The widths at which the page is looked at, and the heights.
const VIEWS: [(u32, u32); 2] = [(1440, 900), (390, 844)];

/// The page of documents whose figures mean nothing.
fn page() -> String {
    let text = include_str!("data/parts.json");
    let parts: BTreeMap<Part, Value> = serde_json::from_str(text).expect("documents by their parts");
    let machine = parts[&Part::Cost]["machine"].clone();
    let results = Results {
        schema: SCHEMA.to_owned(),
        kind: Kind::Quick,
        provenance: serde_json::from_value(machine).expect("a machine"),
        claims: keyway_report::claims(&parts, Kind::Quick),
        kept_ledger: None,
        parts,
    };
    let files = keyway_report::files(&results, &[]).expect("the templates work");
    files.into_iter().find(|(name, _)| name == "report.html").expect("it is among them").1
}

fn chromium() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
}

/// Where `.ci/page` puts it, or where the environment says.
fn axe() -> Option<String> {
    let usual =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/axe/node_modules/axe-core/axe.min.js");
    let path = std::env::var_os("KEYWAY_AXE").map_or(usual, PathBuf::from);
    std::fs::read_to_string(path).ok()
}

/// The page with the code that watches it: errors from its first line on, and axe at its end, which
/// tells the frame around it.
fn watched(page: &str, axe: &str) -> String {
    let errors = "<script>const errors = [];\
        addEventListener('error', (event) => errors.push(String(event.message)));\
        addEventListener('unhandledrejection', (event) => errors.push(String(event.reason)));</script>";
    let looks = "<script>(async () => {
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
        const found = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
        const table = document.querySelector('.decision');
        const box = table.parentElement;
        parent.postMessage({
            errors,
            violations: found.violations.map((rule) => rule.id + ': ' + rule.nodes.map((node) => node.target.join(' ')).join(', ')),
            passes: found.passes.map((rule) => rule.id),
            width: innerWidth,
            widest: document.documentElement.scrollWidth,
            bottom: table.getBoundingClientRect().bottom,
            hidden: box.scrollWidth - box.clientWidth,
            dark: matchMedia('(prefers-color-scheme: dark)').matches,
        }, '*');
    })();</script>";
    let axe = axe.replace("</script", "<\\/script");
    let page = page.replacen("<head>", &format!("<head>{errors}"), 1);
    page.replacen("</body>", &format!("<script>{axe}</script>{looks}</body>"), 1)
}

/// A frame for each view, and what they have told, as the text of the page.
fn frames(page: &str) -> String {
    let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
    let frame = |(width, height): &(u32, u32)| {
        format!(
            "<iframe width=\"{width}\" height=\"{height}\" style=\"border: 0\" srcdoc=\"{escaped}\"></iframe>"
        )
    };
    let listens = "<script>const told = [];
        addEventListener('message', (event) => {
            told.push(event.data);
            if (told.length < 2) { return; }
            const text = document.createElement('pre');
            text.textContent = JSON.stringify(told);
            document.body.replaceChildren(text);
        });</script>";
    format!(
        "<!doctype html><meta charset=\"utf-8\"><body>{listens}{}</body>",
        VIEWS.iter().map(frame).collect::<String>()
    )
}

/// What the page tells in a browser of this colour scheme, a value for each view, the wider first.
fn seen(chromium: &Path, file: &Path, dark: bool) -> Vec<Value> {
    let mut browser = Command::new(chromium);
    browser.args([
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--window-size=1500,2000",
    ]);
    browser.args(["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=60000", "--dump-dom"]);
    browser.arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)));
    let output = browser.arg(format!("file://{}", file.display())).output().expect("the browser starts");
    let document = String::from_utf8_lossy(&output.stdout);
    let told = document.split("<pre>").nth(1).and_then(|rest| rest.split("</pre>").next());
    let told =
        told.unwrap_or_else(|| panic!("nothing was told: {}", String::from_utf8_lossy(&output.stderr)));
    let told = told.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let mut views: Vec<Value> = serde_json::from_str(&told).expect("it was written as JSON");
    views.sort_by_key(|view| std::cmp::Reverse(view["width"].as_u64()));
    views
}

#[test]
fn the_page_renders_without_errors_fits_every_view_and_passes_axe() {
    let (Some(chromium), Some(axe)) = (chromium(), axe()) else {
        eprintln!(
            "SKIPPED: the page is not tested in a browser: there is no Chromium, or no axe-core (.ci/page fetches it)"
        );
        return;
    };
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("frames.html");
    std::fs::write(&file, frames(&watched(&page(), &axe))).expect("it can be written");
    for dark in [false, true] {
        let views = seen(&chromium, &file, dark);
        assert_eq!(views.len(), VIEWS.len());
        for (view, (width, _)) in views.iter().zip(VIEWS) {
            assert_eq!(view["width"], width);
            assert_eq!(view["dark"], dark, "the browser took the colours that were asked for");
            assert_eq!(view["errors"].as_array().map(Vec::len), Some(0), "{}", view["errors"]);
            assert_eq!(
                view["violations"].as_array().map(Vec::len),
                Some(0),
                "{width}, dark {dark}: {}",
                view["violations"]
            );
            for rule in ["color-contrast", "landmark-one-main", "region", "svg-img-alt"] {
                assert!(
                    view["passes"].as_array().is_some_and(|passes| passes.contains(&rule.into())),
                    "{rule} was not looked at"
                );
            }
            assert!(
                view["widest"].as_u64() <= Some(width.into()),
                "it is {} wide at {width}",
                view["widest"]
            );
        }
        // The wider view shows the whole decision table, with nothing to scroll.
        let bottom = views[0]["bottom"].as_f64().expect("a place");
        assert!(bottom <= f64::from(VIEWS[0].1), "the table ends at {bottom}");
        assert_eq!(views[0]["hidden"], 0, "a part of the table's width is hidden");
    }
}

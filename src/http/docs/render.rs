//! Makes one static HTML page out of the contract, for people who read it in a browser.
//!
//! It is not a viewer for any contract: it knows the parts of the format that ours uses. Invariant: every text of
//! the contract is escaped, every link inside the page has its target.

use std::fmt::Write as _;
use std::sync::LazyLock;

use serde_json::Value;

const FRAME: &str = include_str!("page.html");

/// Longest chain of `$ref` that is followed; the contract needs two.
const REF_DEPTH: usize = 4;

/// Returns the page of our contract, made when it is first asked for.
///
/// # Errors
/// A contract that is not YAML, in words.
pub fn contract() -> Result<&'static str, &'static str> {
    static PAGE: LazyLock<Result<String, String>> = LazyLock::new(|| {
        serde_yaml_ng::from_str(crate::http::OPENAPI).map(|openapi| page(&openapi)).map_err(|error| error.to_string())
    });
    PAGE.as_deref().map_err(String::as_str)
}

/// Renders the contract as one page.
#[must_use]
pub fn page(openapi: &Value) -> String {
    let contract = Contract(openapi);
    let info = openapi.get("info").unwrap_or(&Value::Null);
    let title = text(info, "title");
    let mut main = format!(
        "<h1>{}</h1><p class=\"quiet\">{} · <a href=\"/openapi.yaml\">openapi.yaml</a> · <a href=\"/problems\">problem types</a></p>{}",
        escape(title),
        escape(text(info, "version")),
        prose(text(info, "description")),
    );
    for (name, scheme) in members(openapi, "/components/securitySchemes") {
        let _ = write!(
            main,
            "<h2 id=\"security\">Token</h2><p><code>{}</code></p>{}",
            escape(name),
            prose(text(scheme, "description"))
        );
    }
    let mut contents = String::new();
    for tag in items(openapi, "tags") {
        let name = text(tag, "name");
        let operations: Vec<Operation<'_>> = contract.operations(name).collect();
        let _ = write!(main, "<h2 id=\"tag-{0}\">{0}</h2>{1}", escape(name), prose(text(tag, "description")));
        let _ = write!(contents, "<details open><summary>{}</summary><ul>", escape(name));
        for operation in &operations {
            main.push_str(&contract.operation(operation));
            let _ = write!(
                contents,
                "<li><a href=\"#{}\">{}</a></li>",
                escape(operation.id()),
                escape(text(operation.body, "summary"))
            );
        }
        contents.push_str("</ul></details>");
    }
    main.push_str("<h2 id=\"problems\">Problems</h2>");
    for (name, response) in members(openapi, "/components/responses") {
        let _ = write!(
            main,
            "<section class=\"block\" id=\"response-{0}\"><h3>{0}</h3>{1}</section>",
            escape(name),
            contract.response(response)
        );
    }
    main.push_str("<h2 id=\"schemas\">Schemas</h2>");
    for (name, schema) in members(openapi, "/components/schemas") {
        let _ = write!(
            main,
            "<section class=\"block\" id=\"schema-{0}\"><h3>{0}</h3>{1}</section>",
            escape(name),
            members_of(schema)
        );
    }
    contents.push_str("<ul><li><a href=\"#problems\">Problems</a></li><li><a href=\"#schemas\">Schemas</a></li></ul>");
    frame(
        "en",
        title,
        &format!("<div class=\"sided\"><nav aria-label=\"Contents\">{contents}</nav><main>{main}</main></div>"),
    )
}

/// Puts a body of HTML into the frame that all pages share.
pub(super) fn frame(lang: &str, title: &str, body: &str) -> String {
    FRAME.replacen("{lang}", lang, 1).replacen("{title}", &escape(title), 1).replacen("{body}", body, 1)
}

/// Escapes a text for HTML, inside elements and inside quoted attributes.
pub(in crate::http) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Renders the little Markdown that descriptions use: paragraphs, tables, `code` and **strong**.
pub(super) fn prose(text: &str) -> String {
    text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()).fold(String::new(), |mut html, block| {
        if block.starts_with('|') {
            html.push_str(&table(block));
        } else {
            let _ = write!(html, "<p>{}</p>", inline(block));
        }
        html
    })
}

fn table(block: &str) -> String {
    let row = |line: &str, cell: &str| {
        line.trim().trim_matches('|').split('|').fold(String::new(), |mut html, content| {
            let _ = write!(html, "<{cell}>{}</{cell}>", inline(content.trim()));
            html
        })
    };
    let mut lines = block.lines();
    let head = lines.next().map(|line| row(line, "th")).unwrap_or_default();
    let body = lines.skip(1).fold(String::new(), |mut html, line| {
        let _ = write!(html, "<tr>{}</tr>", row(line, "td"));
        html
    });
    format!("<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
}

fn inline(text: &str) -> String {
    alternate(text, "`", "code", &|plain| alternate(plain, "**", "strong", &escape, &escape), &escape)
}

/// Puts every second piece of a text into an element; the pieces outside are rendered by `outer`, inside by `inner`.
fn alternate(
    text: &str,
    mark: &str,
    element: &str,
    outer: &dyn Fn(&str) -> String,
    inner: &dyn Fn(&str) -> String,
) -> String {
    let mut html = String::new();
    for (place, piece) in text.split(mark).enumerate() {
        if place % 2 == 0 {
            html.push_str(&outer(piece));
        } else {
            let _ = write!(html, "<{element}>{}</{element}>", inner(piece));
        }
    }
    html
}

/// One verb on one path.
struct Operation<'a> {
    method: &'a str,
    path: &'a str,
    body: &'a Value,
}

impl<'a> Operation<'a> {
    fn id(&self) -> &'a str {
        text(self.body, "operationId")
    }
}

/// The contract, with what it takes to follow its references.
#[derive(Clone, Copy)]
struct Contract<'a>(&'a Value);

impl<'a> Contract<'a> {
    fn operations(self, tag: &str) -> impl Iterator<Item = Operation<'a>> {
        members(self.0, "/paths")
            .flat_map(|(path, verbs)| {
                verbs.as_object().into_iter().flatten().map(move |(method, body)| Operation { method, path, body })
            })
            .filter(move |operation| items(operation.body, "tags").any(|known| known == tag))
    }

    fn resolve(self, node: &'a Value) -> &'a Value {
        let next = |node: &&'a Value| self.0.pointer(node.get("$ref")?.as_str()?.strip_prefix('#')?);
        std::iter::successors(Some(node), next).take(REF_DEPTH).last().unwrap_or(node)
    }

    fn operation(self, operation: &Operation<'a>) -> String {
        let Operation { method, path, body } = *operation;
        let id = escape(operation.id());
        let mut html = format!(
            "<article class=\"block\" id=\"{id}\"><h3><span class=\"method {0}\">{0}</span> <code>{1}</code></h3><p class=\"quiet\">{2} · <a href=\"#{id}\">{id}</a></p>{3}",
            escape(method),
            escape(path),
            escape(text(body, "summary")),
            prose(text(body, "description")),
        );
        let roles: Vec<String> = items(body, "x-roles").filter_map(Value::as_str).map(code).collect();
        if roles.is_empty() {
            html.push_str("<p class=\"quiet\">No token is needed.</p>");
        } else {
            let _ = write!(html, "<p class=\"quiet\">One of these roles: {}</p>", roles.join(" "));
        }
        let parameters: String =
            items(body, "parameters").map(|parameter| parameter_item(self.resolve(parameter))).collect();
        if !parameters.is_empty() {
            let _ = write!(html, "<h4>Parameters</h4><dl>{parameters}</dl>");
        }
        if let Some(request) = body.get("requestBody").map(|request| self.resolve(request)) {
            let _ = write!(html, "<h4>Body</h4>{}{}", prose(text(request, "description")), self.content(request));
        }
        html.push_str("<h4>Responses</h4><dl>");
        let mut shared = String::new();
        for (status, response) in members(body, "/responses") {
            match reference(response) {
                Some(name) => {
                    let _ = write!(shared, "<a href=\"#response-{0}\">{1} {0}</a>", escape(name), escape(status));
                }
                None => {
                    let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", code(status), self.response(response));
                }
            }
        }
        let _ = write!(html, "</dl><p class=\"statuses\">{shared}</p></article>");
        html
    }

    fn response(self, response: &'a Value) -> String {
        let headers = members(response, "/headers").fold(String::new(), |mut html, (name, header)| {
            let header = self.resolve(header);
            let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", code(name), prose(text(header, "description")));
            html
        });
        format!(
            "{}{}<details><summary class=\"quiet\">Headers</summary><dl>{headers}</dl></details>",
            prose(text(response, "description")),
            self.content(response),
        )
    }

    /// Renders the media types of a body or a response with their schemas and examples.
    fn content(self, holder: &'a Value) -> String {
        let mut html = String::new();
        for (media_type, media) in members(holder, "/content") {
            let schema = media.get("schema").unwrap_or(&Value::Null);
            let _ = write!(html, "<p>{} {}</p>", code(media_type), kind(schema));
            if let Some(example) = media.get("example") {
                html.push_str(&sample("Example", example));
            }
            for (_, example) in members(media, "/examples") {
                let example = self.resolve(example);
                html.push_str(&sample(text(example, "summary"), example.get("value").unwrap_or(&Value::Null)));
            }
        }
        html
    }
}

fn parameter_item(parameter: &Value) -> String {
    let schema = parameter.get("schema").unwrap_or(&Value::Null);
    let example = parameter
        .get("example")
        .map(|example| format!(" <span class=\"quiet\">Example: {}</span>", code(&shown(example))))
        .unwrap_or_default();
    format!(
        "<dt>{} <span class=\"quiet\">{}</span>{}</dt><dd><p>{}{example}</p>{}</dd>",
        code(text(parameter, "name")),
        escape(text(parameter, "in")),
        needed(parameter.get("required") == Some(&Value::Bool(true))),
        kind(schema),
        prose(text(parameter, "description")),
    )
}

fn members_of(schema: &Value) -> String {
    let mut html = prose(text(schema, "description"));
    if schema.get("properties").is_none() {
        let _ = write!(html, "<p>{}</p>", kind(schema));
        return html;
    }
    html.push_str("<dl>");
    for (name, property) in members(schema, "/properties") {
        let required = items(schema, "required").any(|known| known == name.as_str());
        let _ = write!(
            html,
            "<dt>{}{}</dt><dd><p>{}</p>{}</dd>",
            code(name),
            needed(required),
            kind(property),
            prose(text(property, "description")),
        );
    }
    html.push_str("</dl>");
    html
}

/// Says in one line what a schema admits.
fn kind(schema: &Value) -> String {
    if let Some(name) = reference(schema) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    let choices: Vec<String> = items(schema, "oneOf").chain(items(schema, "anyOf")).map(kind).collect();
    if !choices.is_empty() {
        return choices.join(" or ");
    }
    if let Some(only) = schema.get("const") {
        return code(&shown(only));
    }
    let values: Vec<String> = items(schema, "enum").map(|value| code(&shown(value))).collect();
    if !values.is_empty() {
        return values.join(" · ");
    }
    let inner: Vec<String> =
        members(schema, "/properties").map(|(name, property)| format!("{}: {}", code(name), kind(property))).collect();
    if !inner.is_empty() {
        return format!("{{ {} }}", inner.join(", "));
    }
    let mut words = match schema.get("type") {
        Some(Value::Array(types)) => escape(&types.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")),
        Some(name) => escape(&shown(name)),
        None => String::new(),
    };
    if let Some(items) = schema.get("items") {
        let _ = write!(words, " of {}", kind(items));
    }
    words.push_str(&bounds(schema));
    words
}

/// Words for the bounds of a value, in the order in which people ask for them.
const BOUNDS: [(&str, &str); 10] = [
    ("format", "format"),
    ("pattern", "pattern"),
    ("minimum", "from"),
    ("maximum", "to"),
    ("minLength", "characters from"),
    ("maxLength", "characters to"),
    ("minItems", "items from"),
    ("maxItems", "items to"),
    ("contentMediaType", "media type"),
    ("default", "default"),
];

fn bounds(schema: &Value) -> String {
    BOUNDS.iter().filter_map(|(key, word)| Some((word, schema.get(key)?))).fold(
        String::new(),
        |mut html, (word, bound)| {
            let _ = write!(html, ", {word} {}", code(&shown(bound)));
            html
        },
    )
}

fn sample(title: &str, value: &Value) -> String {
    format!("<details><summary>{}</summary><pre>{}</pre></details>", escape(title), escape(&shown(value)))
}

/// Returns a text as it is, any other value as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| format!("{value:#}"), str::to_owned)
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

fn needed(required: bool) -> &'static str {
    if required { " <span class=\"need\">required</span>" } else { "" }
}

/// Returns the last part of a reference.
fn reference(node: &Value) -> Option<&str> {
    node.get("$ref")?.as_str()?.rsplit('/').next()
}

fn text<'a>(node: &'a Value, key: &str) -> &'a str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(node: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    node.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn members<'a>(node: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    node.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::json;

    use super::*;

    fn contract() -> Value {
        serde_yaml_ng::from_str(include_str!("../../../openapi.yaml")).unwrap()
    }

    fn attributes<'a>(html: &'a str, start: &str) -> Vec<&'a str> {
        html.split(start).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
    }

    #[test]
    fn every_operation_and_schema_has_its_place_and_every_link_its_target() {
        let openapi = contract();
        let html = page(&openapi);
        let ids = attributes(&html, " id=\"");
        let targets: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(targets.len(), ids.len(), "an id is given twice");
        for link in attributes(&html, " href=\"#") {
            assert!(targets.contains(link), "nothing to link to: {link}");
        }
        for (path, verbs) in members(&openapi, "/paths") {
            for (method, operation) in verbs.as_object().unwrap() {
                assert!(targets.contains(text(operation, "operationId")), "{method} {path}");
            }
        }
        for (name, _) in members(&openapi, "/components/schemas") {
            assert!(targets.contains(format!("schema-{name}").as_str()), "{name}");
        }
    }

    #[test]
    fn holds_under_a_policy_without_scripts_inline_styles_and_outside_resources() {
        let html = page(&contract());
        for banned in ["<script", "<style", " style=", " onclick", "http://", "https://", "{body}", "{title}"] {
            assert!(!html.contains(banned), "{banned}");
        }
        for link in attributes(&html, " href=\"") {
            assert!(link.starts_with('#') || link.starts_with('/'), "{link}");
        }
    }

    #[test]
    fn opens_and_closes_every_element() {
        let html = page(&contract());
        for element in [
            "article", "section", "details", "summary", "dl", "dt", "dd", "p", "code", "strong", "table", "ul", "li",
            "main", "pre",
        ] {
            let opened = html.matches(&format!("<{element}>")).count() + html.matches(&format!("<{element} ")).count();
            assert_eq!(opened, html.matches(&format!("</{element}>")).count(), "{element}");
        }
    }

    #[test]
    fn escapes_whatever_the_contract_says() {
        let evil = "<script>\"'&</script>";
        let openapi = json!({
            "info": { "title": evil, "version": evil, "description": evil },
            "tags": [{ "name": evil, "description": format!("`{evil}` **{evil}**\n\n| {evil} |\n|---|\n| {evil} |") }],
            "paths": { evil: { "get": {
                "operationId": evil, "tags": [evil], "summary": evil, "description": evil, "x-roles": [evil],
                "parameters": [{ "name": evil, "in": evil, "description": evil, "example": evil, "schema": { "enum": [evil] } }],
                "responses": { evil: { "description": evil, "content": { evil: { "schema": { "type": evil, "pattern": evil }, "example": { evil: evil } } } } },
            } } },
            "components": { "schemas": { evil: { "properties": { evil: { "const": evil } } } } },
        });
        let html = page(&openapi);
        assert!(!html.contains("<script"));
        assert!(html.contains("&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;"));
    }

    #[test]
    fn reads_the_markdown_of_descriptions() {
        assert_eq!(
            prose("one\ntwo `a<b`\n\n**three**"),
            "<p>one\ntwo <code>a&lt;b</code></p><p><strong>three</strong></p>"
        );
        assert_eq!(
            prose("| A | B |\n|---|---|\n| `1` | 2 |"),
            "<table><thead><tr><th>A</th><th>B</th></tr></thead><tbody><tr><td><code>1</code></td><td>2</td></tr></tbody></table>"
        );
        assert_eq!(prose(""), "");
    }

    #[test]
    fn follows_references_but_not_for_ever() {
        let openapi = json!({ "components": { "schemas": { "A": { "$ref": "#/components/schemas/A" } } } });
        let node = openapi.pointer("/components/schemas/A").unwrap();
        assert_eq!(Contract(&openapi).resolve(node), node);
        assert!(page(&openapi).contains("schema-A"));
    }
}

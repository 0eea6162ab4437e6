//! Reads the contract, `openapi.yaml`: its operations, its paths, its schemas. Exchanges are judged by it in `exchange`.
//!
//! Invariant: it knows nothing that the contract does not say; references are followed wherever they stand.

mod exchange;

pub use exchange::Exchange;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

/// The name under which the schemas of the contract refer to each other.
const BASE: &str = "json-schema:///openapi.yaml";

const SOURCE: &str = include_str!("../../../../openapi.yaml");

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// An operation of the contract, as the role matrix needs it.
#[derive(Debug, Clone)]
pub struct Operation {
    pub operation_id: String,
    /// In capital letters.
    pub method: String,
    /// With its places in braces.
    pub path: String,
    /// The roles of which one is needed (`x-roles`); none for a public operation.
    pub roles: Option<Vec<String>>,
}

/// The contract, read once.
pub struct Contract {
    document: Value,
    registry: Registry<'static>,
    /// By the pointer of the schema.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A place in the contract; references are followed on the way to it.
#[derive(Clone)]
struct Node<'a> {
    document: &'a Value,
    pointer: String,
    value: &'a Value,
}

impl<'a> Node<'a> {
    fn at(document: &'a Value, pointer: &str) -> Self {
        let value = document.pointer(pointer).unwrap_or_else(|| panic!("openapi.yaml has no {pointer}"));
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => Self::at(document, reference.trim_start_matches('#')),
            None => Self { document, pointer: pointer.to_owned(), value },
        }
    }

    fn get(&self, name: &str) -> Option<Self> {
        self.value.get(name)?;
        let step = name.replace('~', "~0").replace('/', "~1");
        Some(Self::at(self.document, &format!("{}/{step}", self.pointer)))
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.value.get(name)?.as_str()
    }

    fn is_true(&self, name: &str) -> bool {
        self.value.get(name) == Some(&Value::Bool(true))
    }

    fn members(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let names = self.value.as_object().into_iter().flat_map(|object| object.keys());
        names.filter_map(move |name| Some((name.as_str(), self.get(name)?)))
    }

    fn items(&self) -> impl Iterator<Item = Self> {
        let count = self.value.as_array().map_or(0, Vec::len);
        (0..count).map(|index| Self::at(self.document, &format!("{}/{index}", self.pointer)))
    }
}

impl Contract {
    /// Returns the contract.
    ///
    /// # Panics
    /// Panics when `openapi.yaml` cannot be read as YAML.
    pub fn get() -> &'static Self {
        static CONTRACT: OnceLock<Contract> = OnceLock::new();
        CONTRACT.get_or_init(|| Self::read(SOURCE))
    }

    fn read(source: &str) -> Self {
        let document: Value = serde_yaml_ng::from_str(source).expect("openapi.yaml is YAML");
        let resource = Draft::Draft202012.create_resource(document.clone());
        let registry = Registry::new().add(BASE, resource).and_then(jsonschema::RegistryBuilder::prepare);
        Self { document, registry: registry.expect("openapi.yaml can be referred to"), validators: Mutex::default() }
    }

    /// Returns every operation in the order of the contract.
    pub fn operations(&self) -> Vec<Operation> {
        let paths = Node::at(&self.document, "/paths");
        let operations = paths.members().flat_map(|(path, item)| {
            let known = item.members().filter(|(method, _)| METHODS.contains(method));
            known.map(|(method, operation)| (path, method.to_uppercase(), operation)).collect::<Vec<_>>()
        });
        operations
            .map(|(path, method, operation)| Operation {
                operation_id: operation.text("operationId").unwrap_or_default().to_owned(),
                roles: operation
                    .get("x-roles")
                    .map(|roles| roles.items().filter_map(|role| role.value.as_str().map(str::to_owned)).collect()),
                method,
                path: path.to_owned(),
            })
            .collect()
    }

    /// Finds the template that fits a path; literal segments win, from the left.
    fn path(&self, path: &str) -> Option<(&str, Node<'_>)> {
        let fits = |template: &str| {
            let steps = steps(template, path);
            steps.is_some_and(|steps| {
                steps.iter().all(|(known, given)| known == given || place(known).is_some() && !given.is_empty())
            })
        };
        Node::at(&self.document, "/paths")
            .members()
            .filter(|(template, _)| fits(template))
            .min_by_key(|(template, _)| template.split('/').map(|known| place(known).is_some()).collect::<Vec<_>>())
    }

    /// Returns the validator of the schema of a parameter, header or media type, compiled once.
    fn validator(&self, owner: &Node<'_>) -> Option<Arc<Validator>> {
        let schema = owner.get("schema")?;
        let mut validators = self.validators.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let validator = validators.entry(schema.pointer.clone()).or_insert_with(|| {
            let reference = json!({ "$ref": format!("{BASE}#{}", fragment(&schema.pointer)) });
            let options = jsonschema::options().with_draft(Draft::Draft202012).with_registry(&self.registry);
            let built = options.should_validate_formats(true).build(&reference);
            Arc::new(built.unwrap_or_else(|error| panic!("openapi.yaml, {}: {error}", schema.pointer)))
        });
        Some(Arc::clone(validator))
    }
}

/// Returns the name of a place such as `{id}`.
fn place(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// Pairs the steps of a template with those of a path; the number of a tile is all the rest of its path.
fn steps<'a>(template: &'a str, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let known: Vec<&str> = template.split('/').collect();
    let most = if template.ends_with("/{tile}") { known.len() } else { usize::MAX };
    let given: Vec<&str> = path.splitn(most, '/').collect();
    (known.len() == given.len()).then(|| known.into_iter().zip(given).collect())
}

fn places<'a>(template: &'a str, path: &'a str) -> Vec<(&'a str, &'a str)> {
    let steps = steps(template, path).unwrap_or_default();
    steps.into_iter().filter_map(|(known, given)| Some((place(known)?, given))).collect()
}

/// Writes a pointer as the fragment of a URI (RFC 6901, section 6).
fn fragment(pointer: &str) -> String {
    let written = |byte: u8| match byte {
        b'/' | b'~' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    pointer.bytes().map(written).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_named_and_says_who_may_call_it() {
        let contract = Contract::get();
        let operations = contract.operations();
        assert!(operations.len() > 20);
        for operation in &operations {
            let item = Node::at(&contract.document, "/paths").get(&operation.path).unwrap();
            let node = item.get(&operation.method.to_lowercase()).unwrap();
            let public = node.get("security").is_some_and(|security| security.value == &json!([]));
            assert!(!operation.operation_id.is_empty(), "{operation:?}");
            assert_eq!(operation.roles.is_none(), public, "{operation:?}");
            assert_ne!(operation.roles.as_deref(), Some([].as_slice()), "{operation:?}");
        }
    }

    #[test]
    fn every_schema_compiles() {
        fn walk(contract: &Contract, node: &Value, pointer: &str) {
            for (name, child) in node.as_object().into_iter().flatten() {
                let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
                if name == "schema" {
                    contract.validator(&Node::at(&contract.document, pointer));
                } else if !name.starts_with("example") {
                    walk(contract, child, &below);
                }
            }
            for (index, child) in node.as_array().into_iter().flatten().enumerate() {
                walk(contract, child, &format!("{pointer}/{index}"));
            }
        }
        let contract = Contract::get();
        for part in ["/paths", "/components"] {
            walk(contract, contract.document.pointer(part).unwrap(), part);
        }
        assert!(contract.validators.lock().unwrap().len() > 50);
    }

    #[test]
    fn literal_segments_win_over_places() {
        let found = |path| Contract::get().path(path).map(|(template, _)| template);
        assert_eq!(found("/v1/adjustments/import"), Some("/v1/adjustments/import"));
        assert_eq!(found("/v1/adjustments/adj_1"), Some("/v1/adjustments/{id}"));
        assert_eq!(found("/v1/adjustments/"), None);
    }
}

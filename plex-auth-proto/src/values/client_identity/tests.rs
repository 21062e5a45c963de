use super::{ClientIdentity, IdentityProblem};

#[test]
fn every_field_becomes_its_header() {
    let identity = ClientIdentity::builder("id")
        .product("product")
        .version("version")
        .platform("platform")
        .platform_version("platform version")
        .device("device")
        .device_name("device name")
        .model("model")
        .vendor("vendor")
        .marketplace("marketplace")
        .provides("player,controller")
        .language("de")
        .user_agent("agent/1")
        .build()
        .unwrap();
    let mut headers: Vec<_> = identity
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort_unstable();
    assert_eq!(
        headers,
        [
            "accept: application/json",
            "user-agent: agent/1",
            "x-plex-client-identifier: id",
            "x-plex-device-name: device name",
            "x-plex-device-vendor: vendor",
            "x-plex-device: device",
            "x-plex-language: de",
            "x-plex-marketplace: marketplace",
            "x-plex-model: model",
            "x-plex-platform-version: platform version",
            "x-plex-platform: platform",
            "x-plex-product: product",
            "x-plex-provides: player,controller",
            "x-plex-version: version",
        ]
    );
}

#[test]
fn text_beyond_ascii_is_sent_as_utf_8() {
    for name in ["Anna’s MacBook", "客厅", "Büro", "Salon d'été", "📺"] {
        let identity = ClientIdentity::builder("id").device_name(name).build().unwrap();
        assert_eq!(identity.headers()["x-plex-device-name"].as_bytes(), name.as_bytes());
    }
}

#[test]
fn fields_are_trimmed_and_blank_ones_omitted() {
    let identity = ClientIdentity::builder(" id\n").product(" ").version("").build().unwrap();
    assert_eq!(identity.identifier(), "id");
    assert!(!identity.headers().contains_key("x-plex-product"));
    assert!(!identity.headers().contains_key("x-plex-version"));
}

#[test]
fn unsendable_field_is_refused_by_name() {
    use IdentityProblem::{ControlCharacter, Empty, LineBreak, NotAscii, TooLong};
    let name = |name: &str| ClientIdentity::builder("id").device_name(name).build();
    let long = "x".repeat(1025);
    for (result, field, problem) in [
        (ClientIdentity::builder(" ").build(), "client identifier", Empty),
        (ClientIdentity::builder("i\u{e4}").build(), "client identifier", NotAscii),
        (ClientIdentity::builder("a\nb").build(), "client identifier", LineBreak),
        (ClientIdentity::builder("id").user_agent("\u{e4}").build(), "user agent", NotAscii),
        (name("a\r\nX-Evil: 1"), "device name", LineBreak),
        (name("a\rb"), "device name", LineBreak),
        (name("a\0b"), "device name", ControlCharacter),
        (name("a\tb"), "device name", ControlCharacter),
        (name("a\u{85}b"), "device name", ControlCharacter),
        (name(&long), "device name", TooLong),
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.field(), error.problem()), (field, problem));
        assert!(error.to_string().starts_with(&format!("the {field} ")), "{error}");
    }
}

#[test]
fn library_is_named_if_the_identity_is_not() {
    let identity = ClientIdentity::builder("id").build().unwrap();
    let agent = identity.headers()["user-agent"].to_str().unwrap();
    assert!(agent.starts_with("plex-auth/"), "{agent}");
}

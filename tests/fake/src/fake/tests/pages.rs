use super::*;

fn create_pin(plex: &mut FakePlex, target: &str) -> (u64, String) {
    request("POST", target).header("x-plex-product", "My <App> & \"Co\"").send(plex);
    let pin = plex.pins().last().unwrap();
    (pin.id(), pin.code().to_owned())
}

fn browse(method: &str, target: &str, fields: &[(&str, &str)]) -> TestRequest {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let request = request(method, target).without("x-plex-client-identifier");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    TestRequest(request.header("accept", "text/html,*/*;q=0.8").0, body.finish().into_bytes())
}

fn uuid(plex: &FakePlex, who: Who) -> String {
    plex.account(who).body()["uuid"].as_str().unwrap().to_owned()
}

fn location(answer: &TestResponse) -> Option<&str> {
    answer.0.headers().get("location").map(|value| std::str::from_utf8(value.as_bytes()).unwrap())
}

#[test]
fn pages_load_nothing_external() {
    let mut plex = FakePlex::new();
    for target in ["/link", "/link/", "/auth"] {
        let page = browse("GET", target, &[]).send(&mut plex);
        assert_eq!((page.status(), page.content_type()), (200, "text/html; charset=utf-8"));
        assert_eq!(page.text().matches("<option ").count(), plex.accounts().count(), "{target}");
        assert!(!page.text().contains("src=") && !page.text().contains("//"), "{}", page.text());
    }
    assert_eq!(browse("PUT", "/link", &[]).send(&mut plex).status(), 405);
}

#[test]
fn a_code_is_escaped_in_the_page() {
    let mut plex = FakePlex::new();
    let page = browse("GET", "/link/?pin=G7KX", &[]).send(&mut plex);
    assert!(page.text().contains("name=\"code\" value=\"G7KX\""), "{}", page.text());
    let page =
        browse("GET", "/link?pin=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", &[]).send(&mut plex);
    assert!(page.text().contains("value=\"&quot;&gt;&lt;script&gt;alert(1)"), "{}", page.text());
}

#[test]
fn entering_a_code_links_the_pin() {
    let mut plex = FakePlex::new();
    let (_, code) = create_pin(&mut plex, "/pins");
    let rosa = uuid(&plex, Who::PlexPass);
    let typed = format!(" {} {}", &code[..2].to_lowercase(), &code[2..]);
    let page = browse("POST", "/link", &[("code", &typed), ("account", &rosa)]).send(&mut plex);
    assert_eq!(page.status(), 200);
    assert!(
        page.text().contains("My &lt;App&gt; &amp; &quot;Co&quot; is now signed in as"),
        "{}",
        page.text()
    );
    assert_eq!(plex.pins().next().unwrap().linked_by(), Some(Who::PlexPass));
}

#[test]
fn the_link_page_refuses_other_codes() {
    let mut plex = FakePlex::new();
    let (_, strong) = create_pin(&mut plex, "/pins?strong=true");
    let (short, code) = create_pin(&mut plex, "/pins");
    plex.pin_mut(short).unwrap().age(900);
    let rosa = uuid(&plex, Who::PlexPass);
    for code in [strong.as_str(), code.as_str(), "XXXX", "<b>"] {
        let page = browse("POST", "/link", &[("code", code), ("account", &rosa)]).send(&mut plex);
        assert_eq!(page.status(), 404, "{code}");
    }
    for fields in
        [&[("code", "G7KX")][..], &[("account", &rosa)], &[("code", "G"), ("account", "x")]]
    {
        assert_eq!(browse("POST", "/link", fields).send(&mut plex).status(), 400);
    }
    assert!(plex.pins().all(|pin| pin.linked_by().is_none()));
}

#[test]
fn the_hosted_page_redirects_back() {
    for (answer, linked) in [("allow", Some(Who::Free)), ("refuse", None)] {
        for (forward, to) in [
            ("https://a.example/x?a=b&c#d", Some("https://a.example/x?a=b&c#d")),
            ("", None),
            ("javascript:alert(1)", None),
            ("https://a.example/\r\nx-evil: 1", None),
        ] {
            let mut plex = FakePlex::new();
            let (_, code) = create_pin(&mut plex, "/pins?strong=true");
            let tariq = uuid(&plex, Who::Free);
            let page = browse(
                "POST",
                "/auth",
                &[
                    ("clientID", "a-television"),
                    ("code", &code),
                    ("forwardUrl", forward),
                    ("account", &tariq),
                    ("answer", answer),
                ],
            );
            let page = page.send(&mut plex);
            assert_eq!(location(&page), to, "{answer} {forward}");
            assert_eq!(page.status(), if to.is_some() { 303 } else { 200 });
            assert_eq!(plex.pins().next().unwrap().linked_by(), linked);
        }
    }
}

#[test]
fn the_hosted_page_checks_the_client() {
    let mut plex = FakePlex::new();
    let (_, code) = create_pin(&mut plex, "/pins?strong=true");
    let tariq = uuid(&plex, Who::Free);
    for (identifier, code) in [("a-radio", code.as_str()), ("a-television", "x"), ("", &code)] {
        let fields =
            [("clientID", identifier), ("code", code), ("account", &tariq), ("answer", "allow")];
        assert_eq!(browse("POST", "/auth", &fields).send(&mut plex).status(), 404, "{identifier}");
    }
    assert_eq!(browse("POST", "/auth", &[("code", &code)]).send(&mut plex).status(), 400);
    assert!(plex.pins().all(|pin| pin.linked_by().is_none()));
}

#[cfg(not(feature = "qr"))]
#[test]
fn a_qr_image_needs_its_feature() {
    let mut plex = FakePlex::new();
    plex.set_base_url("http://fake.example");
    let answer = request("POST", "/pins").json().send(&mut plex).json_body();
    let path = answer["qr"].as_str().unwrap().strip_prefix("http://fake.example").unwrap();
    let image = browse("GET", path, &[]).send(&mut plex);
    assert_eq!((image.status(), image.content_type()), (404, "text/html; charset=utf-8"));
    assert!(image.text().contains("feature `qr`"), "{}", image.text());
}

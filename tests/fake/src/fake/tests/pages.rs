use super::*;

fn made(plex: &mut FakePlex, target: &str) -> (u64, String) {
    asking("POST", target).header("x-plex-product", "My <App> & \"Co\"").of(plex);
    let pin = plex.pins().last().unwrap();
    (pin.id(), pin.code().to_owned())
}

fn browse(method: &str, target: &str, fields: &[(&str, &str)]) -> Asking {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    let asking = asking(method, target).without("x-plex-client-identifier");
    let asking = asking.header("content-type", "application/x-www-form-urlencoded");
    Asking(asking.header("accept", "text/html,*/*;q=0.8").0, body.finish().into_bytes())
}

fn uuid(plex: &FakePlex, who: Who) -> String {
    plex.account(who).body()["uuid"].as_str().unwrap().to_owned()
}

fn location(answer: &Answer) -> Option<&str> {
    answer.0.headers().get("location").map(|value| std::str::from_utf8(value.as_bytes()).unwrap())
}

#[test]
fn the_pages_need_nothing_from_anywhere_else_and_offer_every_account() {
    let mut plex = FakePlex::new();
    for target in ["/link", "/link/", "/auth"] {
        let page = browse("GET", target, &[]).of(&mut plex);
        assert_eq!((page.status(), page.kind()), (200, "text/html; charset=utf-8"));
        assert_eq!(page.text().matches("<option ").count(), plex.accounts().count(), "{target}");
        assert!(!page.text().contains("src=") && !page.text().contains("//"), "{}", page.text());
    }
    assert_eq!(browse("PUT", "/link", &[]).of(&mut plex).status(), 405);
}

#[test]
fn a_code_is_filled_in_as_text_and_nothing_else() {
    let mut plex = FakePlex::new();
    let page = browse("GET", "/link/?pin=G7KX", &[]).of(&mut plex);
    assert!(page.text().contains("name=\"code\" value=\"G7KX\""), "{}", page.text());
    let page =
        browse("GET", "/link?pin=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", &[]).of(&mut plex);
    assert!(page.text().contains("value=\"&quot;&gt;&lt;script&gt;alert(1)"), "{}", page.text());
}

#[test]
fn a_code_that_is_typed_lets_the_device_in() {
    let mut plex = FakePlex::new();
    let (_, code) = made(&mut plex, "/pins");
    let rosa = uuid(&plex, Who::PlexPass);
    let typed = format!(" {} {}", &code[..2].to_lowercase(), &code[2..]);
    let page = browse("POST", "/link", &[("code", &typed), ("account", &rosa)]).of(&mut plex);
    assert_eq!(page.status(), 200);
    assert!(
        page.text().contains("My &lt;App&gt; &amp; &quot;Co&quot; is signed in as"),
        "{}",
        page.text()
    );
    assert_eq!(plex.pins().next().unwrap().linked_by(), Some(Who::PlexPass));
}

#[test]
fn the_page_for_typed_codes_takes_no_other() {
    let mut plex = FakePlex::new();
    let (_, strong) = made(&mut plex, "/pins?strong=true");
    let (short, code) = made(&mut plex, "/pins");
    plex.pin_mut(short).unwrap().age(900);
    let rosa = uuid(&plex, Who::PlexPass);
    for code in [strong.as_str(), code.as_str(), "XXXX", "<b>"] {
        let page = browse("POST", "/link", &[("code", code), ("account", &rosa)]).of(&mut plex);
        assert_eq!(page.status(), 404, "{code}");
    }
    for fields in
        [&[("code", "G7KX")][..], &[("account", &rosa)], &[("code", "G"), ("account", "x")]]
    {
        assert_eq!(browse("POST", "/link", fields).of(&mut plex).status(), 400);
    }
    assert!(plex.pins().all(|pin| pin.linked_by().is_none()));
}

#[test]
fn who_signs_in_on_the_hosted_page_or_refuses_goes_back() {
    for (answer, linked) in [("allow", Some(Who::Free)), ("refuse", None)] {
        for (forward, to) in [
            ("https://a.example/x?a=b&c#d", Some("https://a.example/x?a=b&c#d")),
            ("", None),
            ("javascript:alert(1)", None),
            ("https://a.example/\r\nx-evil: 1", None),
        ] {
            let mut plex = FakePlex::new();
            let (_, code) = made(&mut plex, "/pins?strong=true");
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
            let page = page.of(&mut plex);
            assert_eq!(location(&page), to, "{answer} {forward}");
            assert_eq!(page.status(), if to.is_some() { 303 } else { 200 });
            assert_eq!(plex.pins().next().unwrap().linked_by(), linked);
        }
    }
}

#[test]
fn the_hosted_page_signs_in_for_the_pins_own_maker_alone() {
    let mut plex = FakePlex::new();
    let (_, code) = made(&mut plex, "/pins?strong=true");
    let tariq = uuid(&plex, Who::Free);
    for (identifier, code) in [("a-radio", code.as_str()), ("a-television", "x"), ("", &code)] {
        let fields =
            [("clientID", identifier), ("code", code), ("account", &tariq), ("answer", "allow")];
        assert_eq!(browse("POST", "/auth", &fields).of(&mut plex).status(), 404, "{identifier}");
    }
    assert_eq!(browse("POST", "/auth", &[("code", &code)]).of(&mut plex).status(), 400);
    assert!(plex.pins().all(|pin| pin.linked_by().is_none()));
}

#[cfg(not(feature = "qr"))]
#[test]
fn without_its_feature_a_qr_image_is_not_found() {
    let mut plex = FakePlex::new();
    plex.set_base_url("http://fake.example");
    let answer = asking("POST", "/pins").json().of(&mut plex).value();
    let path = answer["qr"].as_str().unwrap().strip_prefix("http://fake.example").unwrap();
    let image = browse("GET", path, &[]).of(&mut plex);
    assert_eq!((image.status(), image.kind()), (404, "text/html; charset=utf-8"));
    assert!(image.text().contains("feature `qr`"), "{}", image.text());
}

# Draws the chart of .ci/drawings/measured.txt: for each figure two bars, ours and the bare client's, with their numbers.

BEGIN {
    width = 720; left = 240; room = 370; bar = 13; row = 44; top = 62
    title["call"] = "processor time of a call"; unit["call"] = "µs"
    title["start"] = "from start to first answer"; unit["start"] = "µs"
    title["bytes"] = "size of a sign-in in ten lines"; unit["bytes"] = "kB"
    title["crates"] = "crates, TLS included"; unit["crates"] = ""
    split("call start bytes crates", order, " ")
}

/^#/ || !NF { next }

{
    split($1, name, " ")
    scale = name[2] == "bytes" ? 1000 : 1
    ours[name[1], name[2]] = $2 / scale
    bare[name[1], name[2]] = $3 / scale
    for (i = 2; i <= 3; i++) if ($i / scale > most[name[2]]) most[name[2]] = $i / scale
}

function shown(value, kind) {
    return sprintf(kind == "call" ? "%.1f" : "%.0f", value) (unit[kind] == "" ? "" : " " unit[kind])
}

function bars(y, value, kind, class, label) {
    printf "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>\n", class, left, y, room * value / most[kind], bar
    printf "<text class=\"n\" x=\"%.1f\" y=\"%d\">%s</text>\n", left + room * value / most[kind] + 6, y + bar - 2, label
}

END {
    rows = 8; height = top + rows * row + 4 * 10 + 6
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"plex-auth beside the bare clients\">\n", width, height, width
    print "<style>svg{background:#fff}text{font:13px sans-serif;fill:#24292f}.n{font-size:12px}.h{font-weight:bold}.q{fill:#57606a}.o{fill:#cc7a00}.b{fill:#b8c0c8}</style>"
    printf "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", width, height
    print "<text class=\"h\" x=\"12\" y=\"24\">What plex-auth costs beside the bare client</text>"
    print "<rect class=\"o\" x=\"12\" y=\"36\" width=\"12\" height=\"12\"/><text class=\"n\" x=\"30\" y=\"46\">with plex-auth</text>"
    print "<rect class=\"b\" x=\"130\" y=\"36\" width=\"12\" height=\"12\"/><text class=\"n\" x=\"148\" y=\"46\">by hand, over the same client; shorter is better, each figure to its own scale</text>"
    y = top
    for (i = 1; i <= 4; i++) {
        kind = order[i]
        for (c = 1; c <= 2; c++) {
            client = c == 1 ? "ureq" : "hyper"
            if (!((client, kind) in ours)) { print "no figure for " client " " kind > "/dev/stderr"; exit 1 }
            if (c == 1) printf "<text x=\"12\" y=\"%d\">%s</text>\n", y + 18, title[kind]
            printf "<text class=\"q\" x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 8, y + 18, client
            bars(y, ours[client, kind], kind, "o", shown(ours[client, kind], kind))
            bars(y + bar + 2, bare[client, kind], kind, "b", shown(bare[client, kind], kind))
            y += row - 6
        }
        y += 18
    }
    print "</svg>"
}

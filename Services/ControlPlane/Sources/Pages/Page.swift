// The frame of every page: one style sheet, inside the page, and the header fields that keep strangers out.
//
// There is no script, no picture and no font, so the content security policy allows none: only the style sheet, by its hash, and
// forms that go back here.

import Bytes
import Crypto
package import HTTP

/// A page for people.
package struct Page: Sendable {
    /// What stands in the browser's title, and over the content.
    package let title: String
    /// The content below the title.
    package let content: HTML
    /// Where forms may lead, beyond this service: browsers hold redirects that follow a form against it too.
    package let formTargets: [String]

    /// A page.
    package init(_ title: String, formTargets: [String] = [], _ content: HTML) {
        self.title = title
        self.content = content
        self.formTargets = formTargets
    }

    /// The page as an answer.
    ///
    /// - Parameter headers: Beyond those of every page.
    package func response(_ status: Status = .ok, headers: Headers = [:]) -> Response {
        let html: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <title>\(title) · Polder</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <main>
            <p class="brand"><span class="mark" aria-hidden="true"></span>Polder</p>
            <div class="card">
            <h1>\(title)</h1>
            \(content)
            </div>
            </main>
            </body>
            </html>

            """
        var response = Response(status, headers: headers, body: Array(html.text.utf8))
        response.headers["content-type"] = "text/html; charset=utf-8"
        response.headers["content-security-policy"] = Self.policy(formTargets)
        response.headers["cache-control"] = "no-store"
        response.headers["referrer-policy"] = "same-origin"
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["x-frame-options"] = "DENY"  // for browsers that do not know frame-ancestors
        response.headers["cross-origin-opener-policy"] = "same-origin"
        response.headers["cross-origin-resource-policy"] = "same-origin"
        response.headers["permissions-policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        return response
    }

    private static func policy(_ formTargets: [String]) -> String {
        let forms = (["'self'"] + formTargets).joined(separator: " ")
        return
            "default-src 'none'; style-src '\(styleHash)'; form-action \(forms); base-uri 'none'; frame-ancestors 'none'"
    }

    /// Of the style sheet, as CSP has it. Without a digest no style: the pages are readable without.
    private static let styleHash: String = {
        do throws(CryptoError) {
            return "sha256-\(Base64.encode(try SHA256.hash(Array(style.text.utf8))))"
        } catch {
            return "none"
        }
    }()

    private static let style: HTML = """

        :root {
          color-scheme: light dark;
          --ground: #eef2f1; --card: #ffffff; --ink: #17211f; --soft: #556460; --line: #8b9995; --edge: #dbe3e0;
          --accent: #0b6b5d; --accent-ink: #ffffff; --accent-strong: #084f45;
          --bad: #a3261f; --bad-ground: #fdecea; --good: #0b5c3a; --good-ground: #e4f5ec; --note-ground: #f2f6f5;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #101716; --card: #182220; --ink: #e8efed; --soft: #a3b3ae; --line: #6c7d78; --edge: #2a3835;
            --accent: #5fd0bb; --accent-ink: #06231e; --accent-strong: #8be3d2;
            --bad: #ffb4ab; --bad-ground: #3b1d1a; --good: #8fe0b5; --good-ground: #12301f; --note-ground: #1f2b29;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; min-height: 100vh; min-height: 100dvh; background: var(--ground); color: var(--ink);
          font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
          display: flex; align-items: center; justify-content: center; padding: 1.5rem 1rem;
        }
        main { width: 100%; max-width: 26rem; }
        .brand { margin: 0 0 1rem; font-weight: 650; letter-spacing: .01em; display: flex; align-items: center; gap: .6rem; }
        .mark {
          width: 1.75rem; height: 1.75rem; border-radius: .5rem; flex: none;
          background: linear-gradient(var(--accent) 0 34%, transparent 34% 44%, var(--accent) 44% 62%, transparent 62% 72%,
            var(--accent) 72%);
        }
        .card {
          background: var(--card); border: 1px solid var(--edge); border-radius: 1rem; padding: 1.75rem;
          box-shadow: 0 1px 2px rgb(0 0 0 / .05), 0 12px 32px -12px rgb(0 0 0 / .18);
        }
        h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .75rem; letter-spacing: -.01em; }
        h2 { font-size: 1.0625rem; margin: 1.75rem 0 .5rem; }
        p { margin: 0 0 1rem; }
        h1, strong { overflow-wrap: anywhere; }
        .card > :last-child, form > :last-child { margin-bottom: 0; }
        .soft { color: var(--soft); font-size: .9375rem; }
        code { font: .9em ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
        label { display: block; font-weight: 600; margin: 0 0 .375rem; }
        .hint { display: block; color: var(--soft); font-size: .875rem; margin: -.125rem 0 .375rem; }
        input {
          display: block; width: 100%; font: inherit; color: inherit; background: var(--card); border: 1px solid var(--line);
          border-radius: .625rem; padding: .6875rem .75rem; margin: 0 0 1.125rem; min-height: 2.75rem;
        }
        input[aria-invalid="true"] { border-color: var(--bad); }
        button {
          display: block; width: 100%; font: inherit; font-weight: 650; cursor: pointer; min-height: 2.875rem;
          color: var(--accent-ink); background: var(--accent); border: 1px solid transparent; border-radius: .625rem;
          padding: .6875rem 1rem; margin: .375rem 0 0;
        }
        button:hover { background: var(--accent-strong); }
        button.quiet { background: none; color: var(--accent); border-color: var(--line); font-weight: 600; }
        button.quiet:hover { color: var(--accent-strong); border-color: var(--accent-strong); }
        input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        a { color: var(--accent); }
        .bad, .good, .note { border-radius: .625rem; padding: .75rem .875rem; margin: 0 0 1.25rem; }
        .bad { background: var(--bad-ground); color: var(--bad); border-left: 4px solid currentColor; }
        .good { background: var(--good-ground); color: var(--good); border-left: 4px solid currentColor; }
        .note { background: var(--note-ground); color: var(--soft); font-size: .9375rem; }
        ul.people { list-style: none; margin: 0 0 1rem; padding: 0; }
        ul.people form { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem; }
        ul.people span { flex: 1 1 12rem; }
        ul.people button { width: auto; margin: 0; min-height: 2.5rem; padding: .375rem .875rem; }
        ul.people li { border-top: 1px solid var(--edge); padding: .75rem 0; overflow-wrap: anywhere; }
        @media (max-width: 26rem) { .card { padding: 1.25rem; } }
        @media (forced-colors: active) { .card, button { border-color: CanvasText; } .mark { background: CanvasText; } }

        """
}

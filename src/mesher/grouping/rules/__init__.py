"""
The rules of a project: a small language that sets fingerprints, and marks calls as the
application's own or as not counting.

    globs        the patterns, matched in time proportional to the text
    matchers     what can be matched: of a call, of an exception, of the event
    scanner      one line of a text, read with line and column in mind
    language     text to rules, or to the errors in it
    calls        which calls fulfil what rules ask of them, remembered by their names
    marking      the rules about calls, applied to an event
    fingerprints the rules that set fingerprints
    ruleset      all of them of one project, made once for each text

Pure, as all of grouping: what enters is text and events. ``docs/grouping-rules.md`` has the language.
"""

"""
What people decide about issues, one or many at once: the rules, for the API and the pages.

    outcome = await change_issues(conn, actor, org_id, projects, ids=ids, change=change)

``asked`` says what can be decided and refuses what contradicts itself; ``deciding`` carries it out,
``status`` with resolutions and archives; ``outcome`` says what became of each issue; ``undoing`` keeps
that and takes it back. All issues are changed in the caller's transaction or none is. What cannot be
done to some of them is said of those, and the others are changed.
"""

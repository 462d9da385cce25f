"""Queries in the vocabulary that users of Sentry know, of which each is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mesher.search.parse import parse_query

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)

QUERIES = """
is:unresolved
is:resolved
is:ignored
is:archived
is:assigned
is:unassigned
is:new
is:ongoing
is:regressed
is:escalating
!is:resolved
is:unresolved is:unassigned
is:unresolved user.username:"Jane Doe" server:web-8 example error
is:unresolved assigned:me
is:unresolved !assigned:none
assigned:none
assigned:jane@example.com
assigned:[me, none]
!assigned:jane@example.com
assigned_or_suggested:me
assigned_or_suggested:[me, none]
age:-24h
age:+3d
age:-2w
age:-30m
age:+12h
firstSeen:-2d
firstSeen:+1w
first_seen:-24h
first_seen:>2026-11-01
first_seen:>=2026-11-01T00:00:00
first_seen:<2026-11-01T12:00:00+01:00
first_seen:2026-11-01
lastSeen:-1h
lastSeen:+7d
last_seen:-5m
last_seen:<=2026-11-20
timesSeen:10
timesSeen:>10
timesSeen:>=10
timesSeen:<10
timesSeen:<=1k
!timesSeen:1
times_seen:>100
level:error
level:fatal
level:warning
level:info
level:debug
level:[error, fatal]
!level:debug
!level:[debug, info]
release:latest
release:1.2.3
release:1.2.*
release:frontend@2.0.1
release:frontend@2.0.*
release:[frontend@1.0.0, frontend@1.0.1]
release:"backend@3.1 beta"
!release:frontend@2.0.1
release:9f1c2d3e4b5a69788796a5b4c3d2e1f009182736
release:[latest, 1.0]
has:release
!has:release
release:""
dist:123
has:dist
environment:production
environment:[production, staging]
!environment:staging
environment:""
has:environment
platform:python
platform.name:javascript
platform:[python, ruby]
!platform:php
event.timestamp:-1h
event.timestamp:>2026-11-25T14:00:00-08:00
event.timestamp:>2026-11-25 event.timestamp:<2026-11-26
timestamp:2026-11-26
timestamp:>=2026-11-26T10:00
timestamp:-7d
message:"undefined is not a function"
message:*timeout*
message:timeout
!message:"expected token"
!message:*chunk*
title:TypeError
title:"*Cannot read*"
!title:*ResizeObserver*
title:[TypeError, RangeError]
location:app/views
culprit:checkout
transaction:/checkout
transaction:/api/*/items
transaction:["GET /", "POST /login"]
!transaction:/healthz
has:transaction
error.type:TypeError
error.type:*Error
error.type:[TypeError, ValueError]
!error.type:KeyboardInterrupt
has:error.type
error.value:"invalid literal"
error.value:*denied*
error.handled:true
error.handled:false
error.handled:1
!error.handled:0
error.unhandled:true
error.unhandled:false
error.mechanism:onerror
error.mechanism:[onerror, onunhandledrejection]
!error.mechanism:generic
has:error.mechanism
stack.filename:app.py
stack.filename:*/models.py
stack.filename:[a.js, b.js]
!stack.filename:*node_modules*
stack.function:handle_request
stack.function:*.render
stack.module:django.core.*
!stack.module:celery.*
has:stack.filename
has:stack.function
user:id:42
user.id:42
user.id:[1, 2, 3]
!user.id:42
user.email:jane@example.com
user.email:*@example.com
!user.email:*@example.com
user.username:jane
user.username:"Jane Doe"
user.ip:127.0.0.1
user.ip:10.0.*
has:user
!has:user
has:user.email
has:user.id
http.url:https://example.com/cart
http.url:*/cart*
url:*example.com*
http.method:POST
http.method:[GET, POST]
http.status_code:500
http.status_code:[500, 502, 503]
http.referer:*google*
has:http.url
sdk.name:sentry.python
sdk.name:sentry.javascript.*
sdk.version:2.*
!sdk.name:raven*
has:sdk.name
os:"Windows 11"
os.name:Windows
os.name:[iOS, Android]
!os.name:Linux
os.build:22621
os.kernel_version:5.*
browser:"Firefox 125"
browser.name:Chrome
browser.name:[Chrome, Edge]
!browser.name:"Chrome Mobile"
has:browser
device:"iPhone 15"
device.family:iPhone
device.model:SM-*
device.arch:arm64
device.brand:Samsung
device.locale:de_DE
has:device.family
runtime:"CPython 3.11.7"
runtime.name:CPython
geo.country_code:DE
geo.region:[Bavaria, Hesse]
geo.city:Berlin
!has:geo.city
trace:6f2b9c1e4d5a47b0a1c2d3e4f5061728
has:trace
id:6f2b9c1e4d5a47b0a1c2d3e4f5061728
id:[6f2b9c1e4d5a47b0a1c2d3e4f5061728, 7f2b9c1e-4d5a-47b0-a1c2-d3e4f5061728]
issue:6f2b9c1e-4d5a-47b0-a1c2-d3e4f5061728
6f2b9c1e4d5a47b0a1c2d3e4f5061728
project:my-shop
project:[my-shop, till]
!project:till
has:geo.country_code
server_name:web-8
server_name:web-*
!server_name:canary
logger:django.request
logger:[celery, "my logger"]
tags[project]:alpha
tags[custom.key]:x*
tags[a:b]:c
!tags[tier]:free
customer_type:enterprise
customer_type:[enterprise, medium]
!customer_type:free
symbolicated_in_app:true
ota_updates.channel:production
unreal.crash_type:crash
device.simulator:false
timeout
"connection refused"
!timeout
*Error
Cannot read properties of undefined
"TypeError: x is not a function"
is:unresolved timeout
is:unresolved (level:error OR level:fatal)
user.email:foo@example.com OR user.email:bar@example.com
error.unhandled:true AND (error.type:TypeError OR error.type:TypeError2)
(release:1.0 OR release:1.1) AND environment:production
is:unresolved level:error release:1.2.* environment:production assigned:me !user.email:x@y.z tag:"a b" first_seen:-24h times_seen:>100 has:user
browser.name:Chrome OR (browser.name:Firefox AND os.name:Linux)
!(level:info OR level:debug)
(a AND b) OR (c AND d)
is:unresolved !has:assigned url:"*/a b/*"
message:"he said \\"no\\""
path:C\\\\Users
price:5\\*3
""".strip().splitlines()


def test_there_are_two_hundred_different_ones() -> None:
    assert len(set(QUERIES)) == len(QUERIES) >= 200


@pytest.mark.parametrize("query", QUERIES)
def test_it_is_read(query: str) -> None:
    parse_query(query, NOW)

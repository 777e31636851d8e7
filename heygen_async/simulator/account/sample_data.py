"""Sample data of a new account: templates, styles, sounds, pictures, languages and brands.

All of these are invented and have the shapes of the contract.
"""

from __future__ import annotations

from typing import Any

Item = dict[str, Any]

FILES_URL = "https://files.heygen.example"
CREATED_AT = 1_750_000_000
CREATED_AT_ISO = "2025-06-15T15:06:40+00:00"

PICTURES: tuple[Item, ...] = tuple(
    {
        "type": kind,
        "id": f"{kind}_{name}",
        "url": f"{FILES_URL}/pictures/{kind}_{name}.png",
        "width": 512,
        "height": 512,
    }
    for kind in ("image", "icon")
    for name in ("harbour", "office", "mountain", "heart")
)

LANGUAGES = (
    "English",
    "English (United Kingdom)",
    "French (France)",
    "German (Germany)",
    "Hindi (India)",
    "Japanese (Japan)",
    "Portuguese (Brazil)",
    "Spanish (Spain)",
)

STYLES: tuple[Item, ...] = tuple(
    {
        "style_id": f"style_{name.lower()}",
        "name": name,
        "aspect_ratio": ratio,
        "tags": list(tags),
        "thumbnail_url": f"{FILES_URL}/styles/{name.lower()}.jpg",
        "preview_video_url": None,
    }
    for name, ratio, tags in (
        ("Newsroom", "16:9", ("business",)),
        ("Sketchbook", "16:9", ("handmade", "school")),
        ("Neon", "9:16", ("social",)),
    )
)

SOUNDS: tuple[Item, ...] = tuple(
    {
        "id": f"sound_{name.lower().replace(' ', '_')}",
        "name": name,
        "description": description,
        "type": kind,
        "audio_url": f"{FILES_URL}/sounds/{name.lower().replace(' ', '_')}.mp3",
        "duration": duration,
        "peak_offset": None,
        "placement": None,
    }
    for name, description, kind, duration in (
        ("Calm piano", "calm slow piano for explainers", "music", 92.0),
        ("Bright guitar", "happy acoustic guitar", "music", 61.5),
        ("Door", "a wooden door closes", "sound_effects", 1.2),
        ("Applause", "a small crowd claps", "sound_effects", 4.0),
    )
)

BRAND_KITS: tuple[Item, ...] = (
    {
        "brand_kit_id": "kit_house",
        "name": "House style",
        "logo_url": f"{FILES_URL}/kits/house.png",
        "colors": ["#102A43", "#F0B429"],
        "fonts": [],
        "logos": [],
    },
)

BRAND_GLOSSARIES: tuple[Item, ...] = (
    {
        "brand_glossary_id": "glossary_names",
        "name": "Product names",
        "terms": [{"term": "HeyGen", "pronunciation": "hey-jen"}],
        "created_at": CREATED_AT_ISO,
        "updated_at": CREATED_AT_ISO,
    },
)

LOOK_PACKS: tuple[Item, ...] = (
    {
        "id": "pack_office",
        "name": "At the office",
        "description": "Ten looks at desks and in meeting rooms",
        "preview_image_url": f"{FILES_URL}/packs/office.jpg",
        "looks": [],
    },
)

IMAGES: tuple[Item, ...] = (
    {
        "generation_id": "generation_demo",
        "model": "heygen-image-1",
        "status": "completed",
        "num_images": 1,
        "images": [
            {
                "image_id": "image_demo",
                "image_url": f"{FILES_URL}/images/demo.png",
                "seed": 1,
                "width": 1024,
                "height": 1024,
            }
        ],
        "created_at": CREATED_AT,
        "failure_code": None,
        "failure_message": None,
    },
)


def _template(slug: str, name: str, ratio: str, variables: Item) -> Item:
    scenes = [
        {
            "scene_id": f"{slug}_scene_{number}",
            "script": "Hi {{name}}!",
            "variables": [{"name": key, "variable_type": variable["type"]} for key, variable in variables.items()],
        }
        for number in (1, 2)
    ]
    return {
        "id": f"template_{slug}",
        "name": name,
        "aspect_ratio": ratio,
        "thumbnail_url": f"{FILES_URL}/templates/{slug}.jpg",
        "created_at": CREATED_AT,
        "updated_at": CREATED_AT,
        "variables": variables,
        "scenes": scenes,
        "scene_ids": [scene["scene_id"] for scene in scenes],
    }


TEMPLATES: tuple[Item, ...] = (
    _template(
        "welcome",
        "Welcome",
        "16:9",
        {"name": {"name": "name", "type": "text", "properties": {"content": "customer"}}},
    ),
    _template(
        "offer",
        "Offer of the month",
        "9:16",
        {"product": {"name": "product", "type": "text", "properties": {"content": "umbrella"}}},
    ),
)

"""The rungs of the bank's ladder, as `onboardings.rung` and the timeline name them."""

LAYER_PHONE = "layer_phone"
LAYER_BIRTH = "layer_birth"
LINK = "link"
UPDATE = "link_update"
MANUAL = "manual"
LAYER = (LAYER_PHONE, LAYER_BIRTH)

-- What images, sound and video were charged by, as JSON; null for attempts of text.
ALTER TABLE attempts ADD COLUMN media TEXT;

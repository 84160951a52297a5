"""Packs a folder as Odoo's manager does, or unpacks what it would: archive.py pack FOLDER FILE | unpack FILE FOLDER."""
import os
import sys
import zipfile

ACTION, SOURCE, TARGET = sys.argv[1:]

# Told apart by Odoo in the same way: what is no zip is a dump.
NO_ZIP = 3

if ACTION == "pack":
    with zipfile.ZipFile(TARGET, "w", compression=zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for folder, _, names in os.walk(SOURCE):
            for name in sorted(names, key=lambda each: each != "dump.sql"):
                path = os.path.join(folder, name)
                archive.write(path, os.path.relpath(path, SOURCE))
else:
    if not zipfile.is_zipfile(SOURCE):
        sys.exit(NO_ZIP)
    with zipfile.ZipFile(SOURCE) as archive:
        known = [name for name in archive.namelist() if name.startswith("filestore/")]
        try:
            archive.extractall(TARGET, ["dump.sql", *known])
        except KeyError as error:
            sys.exit(str(error))

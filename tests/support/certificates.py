"""Certificates of a test's own authority, for servers and clients on loopback."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Authority:
    """Issues certificates into a folder; its own is `file`."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, folder: Path) -> "Authority":
        """Return a new authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("authority.example")
        certificate = _builder(name, name, key, 1).add_extension(x509.BasicConstraints(True, None), critical=True)
        found = cls(folder, key, certificate.sign(key, hashes.SHA256()))
        found.file.write_bytes(found.certificate.public_bytes(serialization.Encoding.PEM))
        return found

    @property
    def file(self) -> Path:
        """The file of the authority's certificate."""
        return self.folder / "authority.pem"

    def issue(self, name: str, *, days: int = 1, is_self_signed: bool = False) -> tuple[Path, Path]:
        """Return the files of a certificate and its key; it ends in so many days, or ended so many days ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = _name(name) if is_self_signed else self.certificate.subject
        builder = _builder(_name(name), issuer, key, days)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        certificate = builder.sign(key if is_self_signed else self.key, hashes.SHA256())
        files = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        # libpq refuses a key that others can read.
        files[1].touch(mode=0o600)
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    ends = datetime.now(UTC) + timedelta(days=days)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=9))
        .not_valid_after(ends)
    )

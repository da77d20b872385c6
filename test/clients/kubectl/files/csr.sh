# A CertificateSigningRequest for NAME, to be created: sh csr.sh NAME | kubectl create -f -
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout /dev/null -subj "/CN=$1" -out "$1.csr" 2>/dev/null
cat <<END
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: { name: $1 }
spec:
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth]
  request: $(base64 -w0 "$1.csr")
END
